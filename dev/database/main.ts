import { prepareDatabase, startDatabase } from './start-database';

// `main.ts` starts the database, prints `MONGODB_URI=…` and serves until it is ended;
// `main.ts --prepare` only does what takes long beforehand.

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--prepare')) {
    console.log(
      `Ready: ${await prepareDatabase((text) => {
        console.log(text);
      })}`,
    );
    return;
  }
  const database = await startDatabase();
  console.log(`MONGODB_URI=${database.uri}`);
  const alive = setInterval(() => undefined, 2 ** 30);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      clearInterval(alive);
      void database.stop().finally(() => process.exit());
    });
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
