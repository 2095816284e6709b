import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const ONLY_TYPES = 'Import only types: the plugin works on the mongoose and driver of its user.';
const FROM_THE_FILE = 'Import from the file, not from the folder.';

export default tseslint.config(
  { ignores: ['**/dist/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          './tsconfig.json',
          './test/tsconfig.json',
          './test/types/tsconfig.json',
          './dev/tsconfig.json',
          './examples/tsconfig.json',
        ],
      },
    },
    rules: {
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off', // Mongoose's own types call for it, and overflow it
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union or an `as const` object.' },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-console': 'error',
      'max-lines': ['error', 250],
      'max-lines-per-function': ['error', { max: 40, skipComments: true, skipBlankLines: true }],
      'max-params': ['error', 3],
      'max-depth': ['error', 3],
      '@typescript-eslint/return-await': ['error', 'always'],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'mongoose', allowTypeImports: true, message: ONLY_TYPES },
            { name: 'mongodb', message: ONLY_TYPES },
            { name: 'bson', allowTypeImports: true, message: ONLY_TYPES },
            { name: '.', message: FROM_THE_FILE },
            { name: '..', message: FROM_THE_FILE },
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Every export is named.' },
        { selector: 'ExportAllDeclaration', message: 'Name what is exported.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union or an `as const` object.' },
        {
          selector: 'ThrowStatement > NewExpression[callee.name="Error"]',
          message: 'Throw a subclass of FleError, with a code.',
        },
      ],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
        performance: 'readonly',
      },
    },
  },
  { files: ['test/types/**'], rules: { '@typescript-eslint/no-unused-vars': 'off' } },
  prettier,
);
