// The host behind the door: the commands of the application, its file dialog, its dropped files. The only file that may
// import the host's packages.

import { Channel, invoke } from '@tauri-apps/api/core';
import { getCurrentWebview } from '@tauri-apps/api/webview';
import { open } from '@tauri-apps/plugin-dialog';
import { BackendError, type Backend } from './backend';
import type { AppErrorWire, JobUpdate } from './bindings';
import { decodeDensityFrame, decodeStateFrame } from './frames';

export function tauriBackend(): Backend {
  return {
    start: () => call('start'),
    makeSample: (progress) => call('make_sample', { progress: channel(progress) }),
    openStore: (location, layout) => call('open_store', { location, layout }),
    closeStore: (session) => call('close_store', { session }),
    overview: (session) => call('overview', { session }),
    indexStore: (session, progress) => call('index_store', { session, progress: channel(progress) }),
    streams: (session, query) => call('streams', { session, query }),
    storeDensity: async (session, query) => decodeDensityFrame(await call('store_density', { session, query })),
    openHistory: (session, stream, at, handler) => call('open_history', { session, stream, at, handler }),
    closeHistory: (history) => call('close_history', { history }),
    historyDensity: async (history, query) => decodeDensityFrame(await call('history_density', { history, query })),
    eventRows: (history, query) => call('event_rows', { history, query }),
    stateFrame: async (history, query) => decodeStateFrame(await call('state_frame', { history, query })),
    eventDetail: (history, moment) => call('event_detail', { history, moment }),
    momentOf: (history, cursor) => call('moment_of', { history, cursor }),
    nextChange: (history, path, from, direction) => call('next_change', { history, path, from, direction }),
    find: (session, text, limit) => call('find', { session, text, limit }),
    cancelJob: (job) => call('cancel_job', { job }),
    saveSettings: (settings) => call('save_settings', { settings }),
    forgetRecent: (location) => call('forget_recent', { location }),
    pickFile: () => open({ multiple: false, directory: false }),
    onFileDrop: (listener) => {
      const listening = getCurrentWebview().onDragDropEvent(({ payload }) => {
        if (payload.type === 'drop') listener({ kind: 'dropped', paths: payload.paths });
        else listener({ kind: payload.type === 'leave' ? 'left' : 'over' });
      });
      return () => void listening.then((stop) => stop());
    },
  };
}

async function call<Answer>(command: string, args?: Record<string, unknown>): Promise<Answer> {
  try {
    return await invoke<Answer>(command, args);
  } catch (reason) {
    throw isWireError(reason) ? new BackendError(reason) : reason;
  }
}

function channel(progress: (update: JobUpdate) => void): Channel<JobUpdate> {
  const opened = new Channel<JobUpdate>();
  opened.onmessage = progress;
  return opened;
}

function isWireError(reason: unknown): reason is AppErrorWire {
  return typeof reason === 'object' && reason !== null && 'code' in reason && 'message' in reason;
}
