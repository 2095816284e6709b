import { checkRigs } from '../rig';
import { watchConnections } from './watch-connections';
import { watchValues } from './watch-values';
import { checkWire, listenToErrors } from './wire-machine';

// Loaded before every file of integration tests: what Mongoose and the plugin do there is watched, and looked over after each test.

watchConnections();
watchValues();
listenToErrors();

afterEach(async () => {
  checkWire();
  await checkRigs();
});
