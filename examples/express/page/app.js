/* global document, FormData, window */

import * as api from './api.js';
import { fillChange, newPatient, patientChange } from './forms.js';
import { patientCard } from './patient-card.js';
import { wireItem } from './wire-item.js';

const PAGE_SIZE = 3;
const PLACEHOLDERS = {
  ssn: '987-65-4320',
  allergies: 'penicillin',
  'contacts.phone': '+46 8 555 01 44',
  birthDate: '1984-03-09',
};

const at = (id) => document.getElementById(id);
const [createForm, changeForm, searchForm] = [at('create'), at('change'), at('search')];

/** What is on show: a page of all patients, or the patients a search found. */
let shown = { page: 1 };
/** The patient the change dialog is about. */
let changing;

/** Shows `view`, or what is on show anew; a view the clinic refuses leaves the page as it is. */
async function show(view = shown) {
  const { items, total } = view.search
    ? await api.searchPatients(view.search.field, view.search.value)
    : await api.listPatients(view.page, PAGE_SIZE);
  if (items.length === 0 && view.page > 1) return show({ page: view.page - 1 });

  const stored = await Promise.all(items.map(({ _id }) => api.storedValues(_id)));
  shown = view;
  at('patients').replaceChildren(...items.map((patient, index) => card(patient, stored[index])));
  showPages(total);
}

function card(patient, stored) {
  return patientCard(patient, stored, {
    onChange() {
      changing = patient;
      fillChange(changeForm, patient);
      open('change-dialog');
    },
    onDelete: () =>
      window.confirm(`Delete ${patient.name}?`) &&
      attempt(async () => {
        await api.deletePatient(patient._id);
        await show();
      }),
  });
}

function showPages(total) {
  const last = shown.search ? 1 : Math.max(1, Math.ceil(total / PAGE_SIZE));
  at('patients-title').textContent = shown.search ? `${total} found` : `${total} patients`;
  at('show-all').hidden = !shown.search;
  at('pages').textContent = `${shown.page} / ${last}`;
  at('pages').parentElement.hidden = last === 1;
  at('previous').disabled = shown.page === 1;
  at('next').disabled = shown.page >= last;
}

async function showWire() {
  const entries = await api.wireEntries();
  at('wire').replaceChildren(...entries.map((entry, index) => wireItem(entry, index < 2)));
}

/** Does `work`, says what was wrong with it where `problem` is, and shows what went over the wire for it. */
async function attempt(work, problem = at('notice')) {
  say(problem, '');
  try {
    await work();
  } catch (error) {
    say(problem, error.code ? `${error.code}: ${error.message}` : error.message);
  }
  await showWire();
}

function say(where, text) {
  where.textContent = text;
  where.hidden = text === '';
}

function open(id) {
  say(at(id).querySelector('.problem'), '');
  at(id).showModal();
}

function goTo(view) {
  return attempt(() => show(view));
}

/** Sends what a dialog’s form holds. When the clinic took it, the dialog closes, and the view `save` answers is shown. */
function onSubmit(form, save) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(async () => {
      const view = await save();
      form.closest('dialog').close();
      form.reset();
      await show(view);
    }, form.querySelector('.problem'));
  });
}

onSubmit(createForm, async () => {
  await api.createPatient(newPatient(createForm));
  return { page: 1 };
});
onSubmit(changeForm, async () => {
  await api.changePatient(changing._id, patientChange(changeForm, changing));
  return shown;
});

searchForm.addEventListener('submit', (event) => {
  event.preventDefault();
  const search = Object.fromEntries(new FormData(searchForm));
  void goTo({ page: 1, search });
});
searchForm.addEventListener('reset', () => void goTo({ page: 1 }));
at('search-field').addEventListener('change', ({ target }) => {
  at('search-value').placeholder = PLACEHOLDERS[target.value];
});

at('add').addEventListener('click', () => open('create-dialog'));
at('previous').addEventListener('click', () => void goTo({ page: shown.page - 1 }));
at('next').addEventListener('click', () => void goTo({ page: shown.page + 1 }));
document.querySelectorAll('[data-close]').forEach((button) => {
  button.addEventListener('click', () => button.closest('dialog').close());
});

void goTo(shown);
