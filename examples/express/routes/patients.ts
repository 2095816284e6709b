import { Router } from 'express';

import { NotFoundError } from '../not-found-error';
import { PatientModel } from '../patient';
import { newPatient, page, patientChange, search } from './requests';

/** The routes of the clinic. Nothing in them knows that fields are encrypted. */
export const patients: Router = Router();

patients.get('/', async (request, response) => {
  const { page: number, size } = page.parse(request.query);
  const [items, total] = await Promise.all([
    PatientModel.find()
      .sort({ _id: -1 })
      .skip((number - 1) * size)
      .limit(size)
      .lean(),
    PatientModel.countDocuments(),
  ]);
  response.json({ items, page: number, size, total });
});

patients.post('/', async (request, response) => {
  const patient = await PatientModel.create(newPatient.parse(request.body));
  response.status(201).location(`${request.baseUrl}/${patient.id}`).json(patient);
});

/** A POST, so that what is searched for stays out of the address, and of every log that keeps addresses. */
patients.post('/search', async (request, response) => {
  const { field, value } = search.parse(request.body);
  const items = await PatientModel.find({ [field]: value })
    .sort({ _id: -1 })
    .limit(100)
    .lean();
  response.json({ items, total: items.length });
});

patients.get('/:id', async (request, response) => {
  response.json(found(await PatientModel.findById(request.params.id)));
});

patients.patch('/:id', async (request, response) => {
  const { addAllergy, addContact, ...changes } = patientChange.parse(request.body);
  const patient = await PatientModel.findByIdAndUpdate(
    request.params.id,
    {
      $set: changes,
      ...(addAllergy && { $addToSet: { allergies: addAllergy } }),
      ...(addContact && { $push: { contacts: addContact } }),
    },
    { returnDocument: 'after', runValidators: true },
  );
  response.json(found(patient));
});

patients.delete('/:id', async (request, response) => {
  found(await PatientModel.findByIdAndDelete(request.params.id));
  response.status(204).end();
});

function found<T>(patient: T | null): T {
  if (patient === null) throw new NotFoundError('There is no such patient.');
  return patient;
}
