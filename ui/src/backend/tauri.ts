// The host behind the door: the commands of the application, its file dialog, its dropped files. The only file that may
// use the host's packages, and the one place where an error that crossed becomes a thrown one.

import { Channel } from '@tauri-apps/api/core';
import { BackendError, type Backend } from './backend';
import { commands, type AppErrorWire, type Picking } from './bindings';
import { decodeDensityFrame, decodeStateFrame } from './frames';

// Read beside the start, not before it.
const DIALOG = () => import('@tauri-apps/plugin-dialog');
const WEBVIEW = () => import('@tauri-apps/api/webview');
const WINDOW = () => import('@tauri-apps/api/window');

type Ask = (dialog: Awaited<ReturnType<typeof DIALOG>>, start: { defaultPath?: string }) => Promise<string | null>;

const FILTERS = {
  layout: [{ name: 'Layout', extensions: ['toml'] }],
  handler: [{ name: 'Handler', extensions: ['yaml', 'yml', 'json', 'js', 'mjs', 'wasm'] }],
};

export function tauriBackend(): Backend {
  const { watchLinks, ...door } = doorOf(commands);
  /** Asks in a dialog that begins where one of its kind ended last, and remembers where this one ends. */
  const pick = async (picking: Picking, name: string | null, ask: Ask): Promise<string | null> => {
    // A dialog that begins elsewhere, or is not remembered, is no reason for none.
    const [dialog, start] = await Promise.all([DIALOG(), door.dialogStart(picking, name).catch(() => null)]);
    const defaultPath = start ?? name;
    const chosen = await ask(dialog, defaultPath === null ? {} : { defaultPath });
    if (chosen !== null) await door.keepChosen(picking, chosen).catch(() => undefined);
    return chosen;
  };
  const pickSave = (name: string) => pick('saving', name, ({ save }, start) => save(start));
  return {
    ...door,
    // What is asked while a person scrubs and zooms crosses as bytes.
    storeDensity: async (session, query, by) => decodeDensityFrame(await door.storeDensity(session, query, by)),
    historyDensity: async (history, query) => decodeDensityFrame(await door.historyDensity(history, query)),
    stateFrame: async (history, query) => decodeStateFrame(await door.stateFrame(history, query)),
    comparisonFrame: async (comparison, query) => decodeStateFrame(await door.comparisonFrame(comparison, query)),
    storesFrame: async (asked, query) => decodeStateFrame(await door.storesFrame(asked, query)),
    savePayload: async (history, query, name) => {
      const file = await pickSave(name);
      if (file !== null) await door.savePayload(history, query, file);
      return file;
    },
    pickSave,
    pickFolder: (picking) =>
      pick(picking, null, ({ open }, start) => open({ ...start, multiple: false, directory: true })),
    pickFile: (what) => {
      const filters = what === 'layout' || what === 'handler' ? FILTERS[what] : [];
      return pick('opening', null, ({ open }, start) => open({ ...start, multiple: false, directory: false, filters }));
    },
    onFileDrop: (listener) => {
      const listening = WEBVIEW().then(({ getCurrentWebview }) =>
        getCurrentWebview().onDragDropEvent(({ payload }) => {
          if (payload.type === 'drop') listener({ kind: 'dropped', paths: payload.paths });
          else listener({ kind: payload.type === 'leave' ? 'left' : 'over' });
        }),
      );
      return () => void listening.then((stop) => stop());
    },
    onLink: (listener) => void watchLinks(listener),
    dress: async (title, theme, zoomPercent) => {
      const [{ getCurrentWebview }, { getCurrentWindow }] = await Promise.all([WEBVIEW(), WINDOW()]);
      await getCurrentWebview().setZoom(zoomPercent / 100);
      await getCurrentWindow().setTitle(title);
      await getCurrentWindow().setTheme(theme === 'system' ? null : theme);
    },
  };
}

/** Commands as the window calls them: channels are listeners, and what failed is thrown. */
type Door<Commands> = {
  [Name in keyof Commands]: Commands[Name] extends (...given: infer Given extends unknown[]) => Promise<infer Crossed>
    ? (...given: { [At in keyof Given]: Told<Given[At]> }) => Promise<Answer<Crossed>>
    : never;
};
type Told<Given> = Given extends Channel<infer Update> ? (update: Update) => void : Given;
type Answer<Crossed> = Crossed extends { status: 'ok'; data: infer Data }
  ? [Data] extends [null]
    ? void
    : Data
  : Crossed extends { status: 'error' }
    ? never
    : Crossed;

/** As a command answers: without a status where it cannot fail. */
type Crossed = { status: 'ok'; data: unknown } | { status: 'error'; error: AppErrorWire } | null | undefined;

function doorOf<Commands extends object>(commands: Commands): Door<Commands> {
  const all = Object.entries<(...given: unknown[]) => Promise<Crossed>>(commands as never);
  const calls = all.map(([name, command]) => [name, (...given: unknown[]) => settled(command(...given.map(crossing)))]);
  // What each of them is called with and answers is what its command says.
  return Object.fromEntries(calls) as Door<Commands>;
}

async function settled(call: Promise<Crossed>): Promise<unknown> {
  const crossed = await call;
  if (crossed?.status === 'error') throw new BackendError(crossed.error);
  return crossed?.data;
}

/** A listener crosses as a channel. Nothing else that crosses is a function. */
function crossing(given: unknown): unknown {
  if (typeof given !== 'function') return given;
  const opened = new Channel();
  opened.onmessage = (update) => given(update) as void;
  return opened;
}
