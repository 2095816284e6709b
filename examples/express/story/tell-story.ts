import type { Clinic } from '../open-clinic';
import { aggregate, insert, lean, look, search, update } from './chapters';
import { Narrator } from './narrator';

const CHAPTERS = {
  'Insert: two patients are created': insert,
  'Search: equality on Deterministic fields': search,
  'Update: by operators, and by the save() of a document': update,
  'Lean: plain objects, plain values': lean,
  'Aggregate: patients by allergy': aggregate,
  'Raw look: what one can tell who has the database, but not the keys': look,
};

/** Tells the clinic's story in the terminal. Resolves to whether every check in it held. */
export async function tellStory(clinic: Clinic): Promise<boolean> {
  const narrator = new Narrator();
  for (const [title, tell] of Object.entries(CHAPTERS)) {
    narrator.title(title);
    try {
      await tell(clinic, narrator);
    } catch (error) {
      narrator.check(`the chapter ends without ${String(error)}`, false);
    }
  }
  return narrator.conclude();
}
