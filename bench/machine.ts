import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { version as mongoose } from 'mongoose';
import { MongoCrypt } from 'mongodb-client-encryption';

/** On what, and of what, figures were measured. */
export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly mongoose: string;
  readonly libmongocrypt: string;
  readonly database: string;
  /** The load of the last minute before the run. */
  readonly load: number;
}

/** @param database What database it is, in words. */
export function describeMachine(database: string): Machine {
  const { versions, platform, arch } = process;
  const { libmongocryptVersion } = MongoCrypt as unknown as {
    readonly libmongocryptVersion: string;
  };
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    node: versions.node,
    platform: `${platform} ${arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    mongoose,
    libmongocrypt: libmongocryptVersion,
    database,
    load: loadNow(),
  };
}

/** The load of the last minute. */
export function loadNow(): number {
  return loadavg()[0] ?? 0;
}

/** The machine in lines to read, with a warning where it is at work. */
export function machineLines(machine: Machine): string[] {
  const { cores, cpu, load, memoryGiB, node, platform } = machine;
  return [
    `Node.js ${node} on ${platform}: ${cores} × ${cpu}, ${memoryGiB} GiB`,
    `Mongoose ${machine.mongoose}, libmongocrypt ${machine.libmongocrypt}, commit ${machine.commit}`,
    `Database: ${machine.database}`,
    `Load at the start: ${load.toFixed(2)}${isBusy(machine) ? '. The machine is at work: these figures will say little.' : ''}`,
  ];
}

/** Whether the machine did something else as well, as the load before the run tells. */
export function isBusy({ cores, load }: Machine): boolean {
  return load > cores / 2;
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
