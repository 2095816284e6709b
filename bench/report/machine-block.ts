import { isBusy, type Machine } from '../machine';
import type { Measured } from './measured';

/** On what, of what and when the suites were measured: a line for each run that is shown. */
export function machineBlock(measured: readonly Measured[]): string {
  const runs = new Map<string, Measured[]>();
  for (const each of measured) {
    const run = JSON.stringify([each.machine, each.quick]);
    runs.set(run, [...(runs.get(run) ?? []), each]);
  }
  return [...runs.values()].map((run) => lineOf(run, run.length === measured.length)).join('\n');
}

function lineOf(run: readonly Measured[], isWhole: boolean): string {
  const [first] = run;
  if (first === undefined) return '';
  const { machine, quick } = first;
  const names = run.map(({ figures }) => `\`${figures.name}\``).join(', ');
  return `- ${isWhole ? 'All suites' : names}: ${machineText(machine)}. ${doubtsOf(machine, quick)}${timeOf(run)}`;
}

function machineText(machine: Machine): string {
  const { cores, cpu, memoryGiB, node, platform, mongoose, libmongocrypt } = machine;
  return [
    `${machine.date}, commit ${machine.commit}`,
    `${cores} × ${cpu}, ${memoryGiB} GiB, ${platform}`,
    `Node.js ${node}, Mongoose ${mongoose}, libmongocrypt ${libmongocrypt}`,
    `${machine.database}, on the same machine`,
  ].join('; ');
}

function doubtsOf(machine: Machine, quick: boolean): string {
  const doubts = [
    ...(quick ? ['a quick run, to see whether the suites work'] : []),
    ...(isBusy(machine) ? ['on a machine that did other work as well'] : []),
  ];
  return doubts.length === 0 ? '' : `**${doubts.join(', ')}: its figures say little.** `;
}

function timeOf(run: readonly Measured[]): string {
  const seconds = run.reduce((sum, each) => sum + each.seconds, 0);
  const { machine } = run[0] ?? {};
  const most = Math.max(...run.map(({ loadAfter }) => loadAfter));
  return `The load was ${machine?.load.toFixed(2) ?? ''} before the run and ${most.toFixed(2)} at most during it, its own included; it took ${Math.ceil(seconds / 60)} min.`;
}
