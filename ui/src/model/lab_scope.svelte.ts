// What the lab folds and with which handlers: what the forms of its views have in common.

import type { HandlerChoice, LabScope, LabScopeKind } from '../backend/bindings';
import { cursorOfEvent, fileName, NO_NAME } from '../base/format';
import type { Desk } from './desk.svelte';
import type { OpenStore } from './open_store.svelte';

export class ScopeForm {
  readonly store: OpenStore;
  kind = $state<LabScopeKind>('store');
  stream = $state('');
  /** A cursor; empty: the head. */
  until = $state('');
  category = $state('');
  /** Handlers that a person chose as files, beside those at hand. */
  files = $state.raw<HandlerChoice[]>([]);
  /** Why handlers cannot be used for what was asked last, by their references. */
  unusable = $state.raw<ReadonlyMap<string, string>>(new Map());

  constructor(store: OpenStore) {
    this.store = store;
    const most = store.overview?.categories[0];
    this.category = most ? most.name || NO_NAME : '';
  }

  get handlers(): HandlerChoice[] {
    return [...this.store.handlers, ...this.files];
  }

  /** Those that can be used, as far as is known: what is for the category of the scope first. */
  get usable(): HandlerChoice[] {
    const { kind, name } = this.scope;
    const category = kind === 'stream' ? this.store.categoryOf(name) : kind === 'category' ? name : null;
    const isOfIt = (choice: HandlerChoice) =>
      category !== null && choice.category?.toLowerCase() === category.toLowerCase();
    const usable = this.handlers.filter(({ reference }) => !this.unusable.has(reference));
    return [...usable.filter(isOfIt), ...usable.filter((choice) => !isOfIt(choice))];
  }

  get scope(): LabScope {
    const { category, kind, stream, until } = this;
    const name = kind === 'stream' ? stream.trim() : kind === 'category' ? category : '';
    return { kind, name, until: kind === 'stream' ? until.trim() : '' };
  }

  /** The same for one stream of the scope. */
  scopeOf(stream: string): LabScope {
    const { kind, until } = this.scope;
    return { kind: 'stream', name: stream, until: kind === 'stream' ? until : '' };
  }

  /** Takes the stream and the moment that a person looks at; `false`: there is none. */
  take({ history, store }: Desk): boolean {
    if (!history || store !== this.store) return false;
    this.kind = 'stream';
    this.stream = history.opened.stream;
    const version = history.a < history.opened.events ? history.versionOf(history.a) : null;
    this.until = version ? cursorOfEvent({ version, position: '' }) : '';
    return true;
  }

  /** Lets a person choose a reducer file; answers its reference. */
  async choose(): Promise<string | null> {
    const file = await this.store.backend.pickFile('handler');
    if (file === null) return null;
    if (!this.handlers.some(({ reference }) => reference === file)) {
      const identity = await this.store.backend.handlerIdentity(file);
      const choice = { reference: file, name: fileName(file), version: identity.version, category: null };
      this.files = [...this.files, choice];
    }
    return file;
  }
}

/** `order@1.1.0`. */
export function handlerText({ name, version }: { name: string; version: string }): string {
  return version === '' ? name : `${name}@${version}`;
}
