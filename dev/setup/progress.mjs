import { performance } from 'node:perf_hooks';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** In a log, something is written this often while a step goes on. */
const SIGN_OF_LIFE_MS = 5000;

/** How long something took, as people read it. */
export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/**
 * Announces a step, shows what it is at, and says how long it took. `work` gets a function that
 * takes a line about its progress: on a terminal that line is rewritten in place, elsewhere (a pipe,
 * a log) each one is written below the last.
 */
export async function step(title, work, stream = process.stderr) {
  const started = performance.now();
  const shown = stream.isTTY ? onTerminal(title, stream, started) : onPipe(title, stream, started);
  try {
    const outcome = await work(shown.note);
    shown.end(`✔ ${title}: ${outcome} (${seconds(performance.now() - started)})`);
  } catch (error) {
    shown.end(`✖ ${title} failed after ${seconds(performance.now() - started)}`);
    throw error;
  }
}

function onTerminal(title, stream, started) {
  let latest = '';
  let frame = 0;
  const draw = () => {
    frame = (frame + 1) % SPINNER.length;
    const line = `${SPINNER[frame]} ${title} (${seconds(performance.now() - started)}) ${latest}`;
    stream.write(`\r\x1b[2K${line.slice(0, stream.columns - 1)}`);
  };
  const timer = setInterval(draw, FRAME_MS);
  return {
    note: (text) => {
      latest = text;
    },
    end: (line) => {
      clearInterval(timer);
      stream.write(`\r\x1b[2K${line}\n`);
    },
  };
}

function onPipe(title, stream, started) {
  let announced = false;
  const note = (text) => {
    // A step that has nothing to do is one line, its result.
    if (!announced) stream.write(`• ${title}\n`);
    announced = true;
    stream.write(`    ${text}\n`);
  };
  const timer = setInterval(
    () => note(`… ${seconds(performance.now() - started)}`),
    SIGN_OF_LIFE_MS,
  );
  return {
    note,
    end: (line) => {
      clearInterval(timer);
      stream.write(`${line}\n`);
    },
  };
}
