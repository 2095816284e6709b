import { join } from 'node:path';

import express, { type Express } from 'express';

import { NotFoundError } from './not-found-error';
import type { Clinic } from './open-clinic';
import { answerErrors } from './routes/errors';
import { inspection } from './routes/inspection';
import { patients } from './routes/patients';

const HEADERS = {
  'Content-Security-Policy': "default-src 'self'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/** The clinic's Express application: its API, and the page that uses it. */
export function createApp(clinic: Clinic): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use((_request, response, next) => {
    response.set(HEADERS);
    next();
  });
  app.use(express.static(join(__dirname, 'page'), { cacheControl: false }));
  app.use(express.json({ limit: '100kb' }));
  app.use('/api/patients', patients);
  app.use('/inspection', inspection(clinic));
  app.use(() => {
    throw new NotFoundError('There is nothing here.');
  });
  app.use(answerErrors);
  return app;
}
