import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';

const onlyTheDoor = {
  'no-restricted-imports': [
    'error',
    { patterns: [{ group: ['@tauri-apps/*'], message: 'Only src/backend/tauri.ts talks to the host.' }] },
  ],
};

// A payload value reaches the screen as the text that the store holds. Parsing one would round it.
const literalsStayText = {
  'no-restricted-syntax': [
    'error',
    {
      selector: "CallExpression[callee.object.name='JSON'][callee.property.name='parse']",
      message: 'Values stay text.',
    },
    { selector: 'CallExpression[callee.name=/^(parseFloat|parseInt|Number)$/]', message: 'Values stay text.' },
  ],
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'src/backend/bindings.ts'] },
  ...tseslint.configs.recommended,
  ...svelte.configs.recommended,
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: tseslint.parser } } },
  // Maps and sets of the models are private; what shows is announced by counters, so that large data stays plain.
  { files: ['src/**'], rules: { 'svelte/prefer-svelte-reactivity': 'off', ...onlyTheDoor, ...literalsStayText } },
  // The compiler itself says which of its warnings exist; the rule counts some of them twice.
  { files: ['**/*.svelte'], rules: { 'svelte/no-unused-svelte-ignore': 'off' } },
  { files: ['src/backend/tauri.ts'], rules: { 'no-restricted-imports': 'off' } },
);
