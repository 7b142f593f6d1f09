// What a store and its streams are once they are open. It is read while the host opens the first of them, and not before
// the window starts: who needs it imports this file.

export { OpenStore } from './open_store.svelte';
export { openHistory } from './open_stream';
