// Files that are dropped on a page in a browser, which knows their names and not where they are.

import type { FileDrop } from '../backend';

export function listenToDrops(listener: (drop: FileDrop) => void): () => void {
  const over = (event: DragEvent) => {
    event.preventDefault();
    listener({ kind: 'over' });
  };
  const left = () => listener({ kind: 'left' });
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    listener({ kind: 'dropped', paths: [...(event.dataTransfer?.files ?? [])].map((file) => file.name) });
  };
  window.addEventListener('dragover', over);
  window.addEventListener('dragleave', left);
  window.addEventListener('drop', dropped);
  return () => {
    window.removeEventListener('dragover', over);
    window.removeEventListener('dragleave', left);
    window.removeEventListener('drop', dropped);
  };
}
