import { checkRigs } from '../rig';
import { watchConnections } from './watch-connections';
import { watchValues } from './watch-values';
import { checkWire, listenToErrors, listenToWarnings } from './wire-machine';

// Loaded before every file of integration tests: what Mongoose and the plugin do there is watched, and looked over after each test.

watchConnections();
watchValues();
listenToErrors();
listenToWarnings();

afterEach(async () => {
  checkWire();
  await checkRigs();
});
