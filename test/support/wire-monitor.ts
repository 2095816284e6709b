import { inspect } from 'node:util';
import type { mongo } from 'mongoose';

/** Every command a client sent, as the driver reports it. */
export interface WireMonitor {
  /** The commands of collections of the test, without the driver's own housekeeping. */
  readonly commands: mongo.CommandStartedEvent[];
  /** How many commands of a name were sent to a collection. */
  count(commandName: string, collection?: string): number;
  /** The names of the commands sent to anything but key vaults, in order. */
  names(): string[];
  /** Forgets what was seen so far. */
  clear(): void;
  /** Everything that went over the wire, as text to search. */
  text(): string;
}

/** Watches `client`, which must have been opened with `monitorCommands`. */
export function watchWire(client: mongo.MongoClient): WireMonitor {
  const commands: mongo.CommandStartedEvent[] = [];
  client.on('commandStarted', (event) => commands.push(event));
  return {
    commands,
    count: (commandName, collection) =>
      commands.filter(
        ({ commandName: name, command }) =>
          name === commandName && (collection === undefined || command[name] === collection),
      ).length,
    names: () =>
      commands
        .filter(({ commandName, command }) => !/keyVault/i.test(String(command[commandName])))
        .map(({ commandName }) => commandName),
    clear: () => {
      commands.length = 0;
    },
    text: () => commands.map(({ command }) => visibleText(command)).join('\n'),
  };
}

/** All strings, numbers and bytes of `value`, also what BSON values hold, as text to search. */
export function visibleText(value: unknown): string {
  return inspect(value, { depth: Infinity, maxArrayLength: null, maxStringLength: null });
}
