import { model, Schema } from 'mongoose';
import { Encrypted } from 'mongoose-fle';

import { fle } from './fle';

/** The data key of a note is that of its tenant: `tenant:acme` for the tenant `acme`. */
export const perTenant = { pointer: '/tenantId', prefix: 'tenant:' };

/** A note that somebody took. */
export class Note {
  tenantId!: string;
  @Encrypted('Deterministic', perTenant) about!: string;
  @Encrypted('Random', perTenant) text!: string;
}

const noteSchema = new Schema<Note>({
  tenantId: { type: String, required: true, immutable: true, match: /^[a-z]{1,40}$/ },
  about: { type: String, required: true },
  text: { type: String, required: true },
});
// Whoever is asked about is known once to each tenant; the index has to hold the tenant for that.
noteSchema.index({ tenantId: 1, about: 1 }, { unique: true });
noteSchema.plugin(fle, { class: Note });

export const Notes = model('Note', noteSchema);
