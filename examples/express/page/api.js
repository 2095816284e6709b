/* global fetch */

/** The clinic refused a request; `message` says why and is fit to be shown. */
export class Refusal extends Error {
  constructor({ code, message, fields = [] }) {
    super(fields.length > 0 ? `${message} (${fields.join(', ')})` : message);
    this.code = code;
  }
}

export const listPatients = (page, size) => send('GET', `/api/patients?page=${page}&size=${size}`);
export const searchPatients = (field, value) =>
  send('POST', '/api/patients/search', { field, value });
export const createPatient = (patient) => send('POST', '/api/patients', patient);
export const changePatient = (id, change) => send('PATCH', `/api/patients/${id}`, change);
export const deletePatient = (id) => send('DELETE', `/api/patients/${id}`);
export const storedValues = (id) => send('GET', `/inspection/stored/${id}`);
export const wireEntries = () => send('GET', '/inspection/wire');

async function send(method, path, body) {
  const response = await fetch(path, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
  if (response.status === 204) return undefined;
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer.error);
  return answer;
}
