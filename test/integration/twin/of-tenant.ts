import type { Question } from './arbitrary-reads';
import type { Write } from './arbitrary-writes';

/** `question`, to the documents of one tenant. */
export function askedBy(tenant: string, question: Question): Question {
  return { ...question, filter: { tenant, ...question.filter } };
}

/** `write`, to the documents of one tenant. */
export function writtenBy(tenant: string, write: Write): Write {
  switch (write.kind) {
    case 'create':
      return { ...write, document: { tenant, ...write.document } };
    case 'insertMany':
      return { ...write, documents: write.documents.map((each) => ({ tenant, ...each })) };
    case 'replaceOne':
    case 'findOneAndReplace':
      return {
        ...write,
        filter: { tenant, ...write.filter },
        document: { tenant, ...write.document },
      };
    case 'bulkWrite':
      return { ...write, operations: write.operations.map((each) => operationBy(tenant, each)) };
    default:
      return { ...write, filter: { tenant, ...write.filter } };
  }
}

const BELONGING: ReadonlySet<string> = new Set(['filter', 'document', 'replacement']);

function operationBy(tenant: string, operation: object): object {
  return Object.fromEntries(
    Object.entries(operation).map(([name, operands]) => [
      name,
      Object.fromEntries(
        Object.entries(operands as object).map(([key, value]: [string, unknown]) => [
          key,
          BELONGING.has(key) ? { tenant, ...(value as object) } : value,
        ]),
      ),
    ]),
  );
}
