// The view Integrity of a store: its anchors, what verifying against one of them found, and how the store is.

import { errorOf } from '../backend/backend';
import type {
  AnchorListed,
  AnchorMade,
  ChainVerified,
  HealthTold,
  JobUpdate,
  StoreVerified,
  VerifyAskedWire,
  VerifyFindingWire,
} from '../backend/bindings';
import { cursorOfEvent } from '../base/format';
import { INTEGRITY as T } from '../strings/evidence';
import { boardOf, type Board } from './board';
import { bundleCheckOf } from './bundle_check.svelte';
import type { Desk } from './desk.svelte';
import { ScopeForm } from './lab_scope.svelte';
import { LongWork } from './long_work.svelte';
import type { OpenStore } from './open_store.svelte';

const ALWAYS = ['anchors', 'health', 'bundle'] as const;
const WITH_CHAIN = ['anchors', 'chain', 'health', 'bundle'] as const;
export type Section = (typeof WITH_CHAIN)[number];

type Tell = (update: JobUpdate) => void;

export class IntegrityBoard extends LongWork implements Board {
  readonly #desk: Desk;
  readonly #store: OpenStore;
  readonly form: ScopeForm;
  section = $state<Section>('anchors');

  folder = $state('');
  /** `null`: the folder was not read yet. */
  anchors = $state.raw<AnchorListed[] | null>(null);
  active = $state(0);
  /** How an anchor is made. */
  continues = $state(false);
  isShort = $state(false);
  isPlain = $state(false);
  signKey = $state('');
  /** The address of a time stamp authority; empty: nobody is asked. */
  stamp = $state('');
  /** How the store is verified. */
  key = $state('');
  salt = $state('');
  authority = $state('');
  /** Files of lists of revoked certificates. */
  revoked = $state.raw<readonly string[]>([]);
  handler = $state('');
  copy = $state('');
  explanations = $state('');
  /** A file with the key that the store itself signs with. */
  nativeKey = $state('');
  /** Whether the store keeps a hash chain of its own. */
  readonly hasChain: boolean;
  chain = $state.raw<ChainVerified | null>(null);
  /** What was said of that chain last: verifying against an anchor asks it too. */
  chainSaid = $state.raw<ChainVerified | null>(null);

  made = $state.raw<AnchorMade | null>(null);
  verified = $state.raw<StoreVerified | null>(null);
  /** The anchor that it was verified against. */
  against = $state('');
  activeFinding = $state(0);
  /** Event types that this handler does not know are findings; empty: nobody is asked. */
  knowing = $state('');
  health = $state.raw<HealthTold | null>(null);

  constructor(desk: Desk, store: OpenStore) {
    super(store.backend);
    this.#desk = desk;
    this.#store = store;
    this.hasChain = store.opened.hasChain;
    this.form = new ScopeForm(store);
    this.handler = desk.history?.handler ?? this.form.handlers[0]?.reference ?? '';
    void this.list('');
  }

  /** What failed was of the section before: it goes with it. */
  turnTo(section: Section): void {
    this.section = section;
    this.activeFinding = 0;
    if (!this.isRunning) this.failure = null;
  }

  /** What can be looked at. */
  get sections(): readonly Section[] {
    return this.hasChain ? WITH_CHAIN : ALWAYS;
  }

  get anchor(): AnchorListed | undefined {
    return this.anchors?.[this.active];
  }

  /** Those of what is looked at. */
  get findings(): readonly VerifyFindingWire[] {
    return (this.section === 'chain' ? this.chain?.findings : this.verified?.findings) ?? [];
  }

  get finding(): VerifyFindingWire | undefined {
    return this.findings[this.activeFinding];
  }

  /** Reads the anchors of a folder; an empty one: of the folder that was chosen last. */
  async list(folder: string): Promise<void> {
    this.failure = null;
    try {
      const found = await this.#store.backend.anchors(this.#store.opened.session, folder);
      this.folder = found.folder;
      this.anchors = found.anchors;
      this.active = Math.max(
        0,
        found.anchors.findIndex(({ dir }) => dir === (this.made?.dir ?? this.against)),
      );
    } catch (reason) {
      this.anchors ??= [];
      this.failure = errorOf(reason);
    }
  }

  /** Lets a person choose the folder, in which anchors are made, too. Answers whether there is one now. */
  async choose(): Promise<boolean> {
    const folder = await this.#store.backend.pickFolder('saving');
    if (folder !== null) await this.list(folder);
    return this.folder !== '';
  }

  look(index: number): void {
    this.active = Math.max(0, Math.min((this.anchors?.length ?? 1) - 1, index));
  }

  lookAt(index: number): void {
    this.activeFinding = Math.max(0, Math.min(this.findings.length - 1, index));
  }

  /** Makes an anchor in the folder, or in one that a person chooses now. */
  async make(): Promise<void> {
    if (this.folder === '' && !(await this.choose())) return;
    const { backend, opened } = this.#store;
    const previous = this.continues ? (this.anchor?.dir ?? '') : '';
    const { folder: out, isPlain, isShort, signKey: key } = this;
    const asked = { out, key, previous, stamp: this.stamp.trim(), isShort, isPlain: isPlain && previous === '' };
    const made = await this.long(T.making, (tell) => backend.makeAnchor(opened.session, asked, tell));
    if (!made) return;
    this.made = made;
    this.verified = null;
    this.continues = false;
    await this.list(out);
  }

  /** What the store is held against, and how. */
  get asked(): VerifyAskedWire {
    const { anchor, authority, copy, explanations, handler, key, nativeKey, salt } = this;
    const revoked = authority === '' ? [] : [...this.revoked];
    return {
      anchor: anchor?.dir ?? '',
      salt,
      key: key.trim(),
      authority,
      revoked,
      handler,
      explanations,
      copy,
      nativeKey,
    };
  }

  /** Why nothing can be held against the chosen anchor; `null`: it can. */
  get unusable(): string | null {
    const { anchor } = this;
    if (!anchor) return T.noAnchor;
    if (anchor.unreadable !== '') return T.unreadableAnchor;
    return anchor.isOfStore ? null : T.otherStore;
  }

  async verify(): Promise<void> {
    const { anchor, asked } = this;
    if (!anchor) return;
    const { backend, opened } = this.#store;
    this.made = null;
    this.verified = null;
    const verified = await this.long(T.verifying, (tell) => backend.verifyStore(opened.session, asked, tell));
    if (!verified) return;
    this.verified = verified;
    this.chainSaid = verified.chain ?? this.chainSaid;
    this.against = anchor.dir;
    this.activeFinding = 0;
  }

  async verifyChain(): Promise<void> {
    const { backend, opened } = this.#store;
    const { explanations, nativeKey } = this;
    this.chain = null;
    const verify = (tell: Tell) => backend.verifyChain(opened.session, nativeKey, explanations, tell);
    const chain = await this.long(T.verifying, verify);
    if (!chain) return;
    this.chain = this.chainSaid = chain;
    this.activeFinding = 0;
  }

  async askHealth(): Promise<void> {
    const { backend, opened } = this.#store;
    const health = await this.long(T.looking, (tell) => backend.storeHealth(opened.session, this.knowing, tell));
    if (health) this.health = health;
  }

  /** Lets a person choose a file; `null`: none was chosen. */
  pick(what: 'store' | 'key' | 'explanations'): Promise<string | null> {
    return this.#store.backend.pickFile(what);
  }

  // --- as a board ---

  move(by: number): void {
    this.lookAt(this.activeFinding + by);
  }

  /** Goes to the event of the finding. */
  async open(): Promise<void> {
    const { finding } = this;
    const stream = finding?.stream || finding?.impacts[0]?.stream;
    if (!finding || !stream) return;
    const at = finding.stream === '' ? null : cursorOfEvent({ ...finding, position: finding.to || finding.position });
    await this.#desk.openStream(stream, at);
  }

  act(action: string): void | Promise<void> {
    switch (action) {
      case 'section': {
        const { sections } = this;
        return this.turnTo(sections[(sections.indexOf(this.section) + 1) % sections.length] ?? 'anchors');
      }
      case 'folder':
        return this.choose().then(() => undefined);
      case 'anchor':
        return this.make();
      case 'run':
        if (this.section === 'bundle') return bundleCheckOf(this.#desk).choose();
        if (this.section === 'chain') return this.verifyChain();
        return this.section === 'health' ? this.askHealth() : this.verify();
      case 'stop':
        return this.stop();
      case 'prev':
        return this.look(this.active - 1);
      case 'next':
        return this.look(this.active + 1);
      default:
        return this.open();
    }
  }

  blocked(action: string): string | null {
    const isBusy = this.isRunning;
    switch (action) {
      case 'section':
      case 'folder':
        return null;
      case 'anchor':
        return isBusy ? T.isRunning : null;
      case 'run': {
        if (isBusy) return T.isRunning;
        return this.section === 'anchors' ? this.unusable : null;
      }
      case 'stop':
        return isBusy ? null : T.notRunning;
      case 'prev':
      case 'next':
        return this.anchor ? null : T.noAnchor;
      default:
        return this.finding?.stream || this.finding?.impacts[0]?.stream ? null : T.noEvent;
    }
  }

  close(): Promise<void> {
    return this.stop();
  }

  protected forget(): boolean {
    const { chain, health, verified } = this;
    this.chain = this.chainSaid = null;
    this.verified = null;
    this.health = null;
    return chain !== null || verified !== null || health !== null;
  }
}

/** The board of a store, made when it is first looked at. */
export function integrityOf(desk: Desk, store: OpenStore): IntegrityBoard {
  return boardOf(store, 'integrity', IntegrityBoard, () => new IntegrityBoard(desk, store));
}

/** Turns to the hash chain that the store keeps itself, or to the verdict that told of it last. */
export function showChain(desk: Desk): void {
  const board = desk.store && integrityOf(desk, desk.store);
  board?.turnTo(board.chainSaid !== null && board.chainSaid === board.verified?.chain ? 'anchors' : 'chain');
  desk.show('integrity');
}

/** Checks a folder of evidence, and shows what comes of it. Without one a person is asked. */
export async function showBundle(desk: Desk, folder: string): Promise<void> {
  if (desk.store) integrityOf(desk, desk.store).section = 'bundle';
  desk.show('integrity');
  const check = bundleCheckOf(desk);
  await (folder === '' ? check.choose() : check.check(folder));
}
