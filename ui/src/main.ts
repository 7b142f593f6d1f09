import './styles/fonts.css';
import './styles/tokens.css';
import './styles/reset.css';
import './styles/controls.css';
import './styles/pages.css';
import { mount } from 'svelte';
import App from './app/App.svelte';
import type { Backend } from './backend/backend';
import { tauriBackend } from './backend/tauri';
import { addSprite } from './ui/sprite';

// Inside the application the host answers; in a browser its twin does.
async function backend(): Promise<Backend> {
  if ('__TAURI_INTERNALS__' in window) return tauriBackend();
  return (await import('./backend/fake_page')).backendOfPage();
}

const target = document.getElementById('app');
if (target) {
  addSprite();
  mount(App, { target, props: { backend: await backend() } });
}
