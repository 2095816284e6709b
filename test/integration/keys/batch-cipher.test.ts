import { describeValueCipher } from './value-cipher.contract';

describeValueCipher({ name: 'the batch cipher', batches: true });
