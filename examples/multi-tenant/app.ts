import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { isFleError } from 'mongoose-fle';

import { eraseTenant } from './erase-tenant';
import { type Note, Notes } from './note';

/** The service: notes of the tenant that asks. */
export function createApp(): Express {
  const app = express().use(express.json());
  app.post('/notes', async (request, response) => {
    const { about, text } = request.body as Pick<Note, 'about' | 'text'>; // Mongoose casts and validates
    const note = await Notes.create({ tenantId: tenantOf(request), about, text });
    response.status(201).json({ id: note.id });
  });
  app.get('/notes', async (request, response) => {
    const { about } = request.query;
    if (typeof about !== 'string') throw new TypeError('about whom?');
    const notes = await Notes.find({ tenantId: tenantOf(request), about }).lean();
    response.json(notes.map(({ text }) => text));
  });
  app.delete('/tenant', async (request, response) => {
    response.json({ erased: await eraseTenant(tenantOf(request)) });
  });
  return app.use(answerErrors);
}

/** Who asks. A real service takes it from the session, never from what the client may choose. */
function tenantOf(request: Request): string {
  return request.get('x-tenant') ?? '';
}

/** Express knows an error handler by its four parameters. */
function answerErrors(error: unknown, _: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) next(error);
  else if (isFleError(error)) response.status(400).json({ error: error.code });
  else response.status(500).json({ error: (error as Error).name });
}
