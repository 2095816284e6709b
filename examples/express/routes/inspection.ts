import { Router } from 'express';
import { Types } from 'mongoose';

import type { Clinic } from '../open-clinic';

/** What the page shows beside the patients: the stored documents and the commands. For a demonstration only. */
export function inspection({ stored, wire }: Clinic): Router {
  const router = Router();

  router.get('/stored/:id', async (request, response) => {
    response.json(await stored.values(new Types.ObjectId(request.params.id)));
  });

  router.get('/wire', (_request, response) => {
    response.json(wire.last(25));
  });

  return router;
}
