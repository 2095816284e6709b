/** What is to end before the next of its name begins. It never rejects. */
const underWay = new Map<string, Promise<unknown>>();

/** Runs `work` when all that was given for `name` before has ended, in the whole process. */
export async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const result = (underWay.get(name) ?? Promise.resolve()).then(work);
  const ended = Promise.allSettled([result]);
  underWay.set(name, ended);
  try {
    return await result;
  } finally {
    if (underWay.get(name) === ended) underWay.delete(name);
  }
}
