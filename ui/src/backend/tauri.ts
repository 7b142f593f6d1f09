// The host behind the door: the commands of the application, its file dialog, its dropped files. The only file that may
// use the host's packages, and the one place where an error that crossed becomes a thrown one.

import { Channel } from '@tauri-apps/api/core';
import { getCurrentWebview } from '@tauri-apps/api/webview';
import { getCurrentWindow } from '@tauri-apps/api/window';
import { open, save } from '@tauri-apps/plugin-dialog';
import { BackendError, type Backend } from './backend';
import { commands, type AppErrorWire } from './bindings';
import { decodeDensityFrame, decodeStateFrame } from './frames';

export function tauriBackend(): Backend {
  return {
    start: () => settled(commands.start()),
    makeSample: (progress) => settled(commands.makeSample(channel(progress))),
    openStore: (location, layout) => settled(commands.openStore(location, layout)),
    closeStore: (session) => done(commands.closeStore(session)),
    overview: (session) => settled(commands.overview(session)),
    indexStore: (session, progress) => done(commands.indexStore(session, channel(progress))),
    storeFindings: (session) => settled(commands.storeFindings(session)),
    streams: (session, query) => settled(commands.streams(session, query)),
    watchStore: (session, news) => done(commands.watchStore(session, channel(news))),
    watchHandlers: (session, news) => done(commands.watchHandlers(session, channel(news))),
    lookNow: (session) => done(commands.lookNow(session)),
    historyNow: (history) => settled(commands.historyNow(history)),
    rangeFacts: (session, query) => settled(commands.rangeFacts(session, query)),
    distinguish: (session, query, progress) => settled(commands.distinguish(session, query, channel(progress))),
    storeDensity: async (session, query, by) =>
      decodeDensityFrame(await settled(commands.storeDensity(session, query, by))),
    openHistory: (session, stream, at, handler, news) =>
      settled(commands.openHistory(session, stream, at, handler, channel(news))),
    closeHistory: (history) => done(commands.closeHistory(history)),
    historyFindings: (history) => settled(commands.historyFindings(history)),
    historyDensity: async (history, query) =>
      decodeDensityFrame(await settled(commands.historyDensity(history, query))),
    eventRows: (history, query) => settled(commands.eventRows(history, query)),
    stateFrame: async (history, query) => decodeStateFrame(await settled(commands.stateFrame(history, query))),
    eventDetail: (history, moment) => settled(commands.eventDetail(history, moment)),
    payloadView: (history, query) => settled(commands.payloadView(history, query)),
    payloadHex: (history, query, first, count) => settled(commands.payloadHex(history, query, first, count)),
    findInPayload: (history, query, text, after) => settled(commands.findInPayload(history, query, text, after)),
    savePayload: async (history, query, name) => {
      const file = await save({ defaultPath: name });
      if (file !== null) await done(commands.savePayload(history, query, file));
      return file;
    },
    maskState: (session) => settled(commands.maskState(session)),
    reveal: (session, reveal, reason) => settled(commands.reveal(session, reveal, reason)),
    conceal: (session, isAll) => settled(commands.conceal(session, isAll)),
    momentOf: (history, cursor) => settled(commands.momentOf(history, cursor)),
    nextChange: (history, path, from, direction) => settled(commands.nextChange(history, path, from, direction)),
    nextEvent: (history, types, from, direction) => settled(commands.nextEvent(history, types, from, direction)),
    checkInvariants: (history, progress) => settled(commands.checkInvariants(history, channel(progress))),
    nextProblem: (history, from, direction) => settled(commands.nextProblem(history, from, direction)),
    readField: (history, path, progress) => settled(commands.readField(history, path, channel(progress))),
    fieldRows: (history, path, offset, limit) => settled(commands.fieldRows(history, path, offset, limit)),
    fieldLane: (history, path, query) => settled(commands.fieldLane(history, path, query)),
    why: (history, path, moment, progress) => settled(commands.why(history, path, moment, channel(progress))),
    whyNot: (history, path, from, to, progress) => settled(commands.whyNot(history, path, from, to, channel(progress))),
    known: (history, asked, progress) => settled(commands.known(history, asked, channel(progress))),
    corrections: (history, asked, progress) => settled(commands.corrections(history, asked, channel(progress))),
    exportField: (history, path, file) => done(commands.exportField(history, path, file)),
    pickSave: (name) => save({ defaultPath: name }),
    story: (history, first, count) => settled(commands.story(history, first, count)),
    causation: (history, moment) => settled(commands.causation(history, moment)),
    indexIds: (session, progress) => done(commands.indexIds(session, channel(progress))),
    correlationStreams: (history, moment) => settled(commands.correlationStreams(history, moment)),
    openLanes: (session, streams, clock, progress) =>
      settled(commands.openLanes(session, streams, clock, channel(progress))),
    closeLanes: (lanes) => done(commands.closeLanes(lanes)),
    lanesPage: (lanes, query) => settled(commands.lanesPage(lanes, query)),
    lanesAt: (lanes, time) => settled(commands.lanesAt(lanes, time)),
    lanesStep: (lanes, from, direction) => settled(commands.lanesStep(lanes, from, direction)),
    openComparison: (session, base, current, progress) =>
      settled(commands.openComparison(session, base, current, channel(progress))),
    closeComparison: (comparison) => done(commands.closeComparison(comparison)),
    comparisonFrame: async (comparison, query) =>
      decodeStateFrame(await settled(commands.comparisonFrame(comparison, query))),
    comparisonEvents: (comparison, query) => settled(commands.comparisonEvents(comparison, query)),
    comparisonIntervals: (comparison, progress) => settled(commands.comparisonIntervals(comparison, channel(progress))),
    upcast: (history, moment) => settled(commands.upcast(history, moment)),
    stateJson: (history, moment, path) => settled(commands.stateJson(history, moment, path)),
    find: (session, text, limit) => settled(commands.find(session, text, limit)),
    search: (session, asked, progress) => settled(commands.search(session, asked, channel(progress))),
    searchRows: (search, offset, limit) => settled(commands.searchRows(search, offset, limit)),
    closeSearch: (search) => done(commands.closeSearch(search)),
    searchOffer: (session) => settled(commands.searchOffer(session)),
    copyForSearch: (session, progress) => done(commands.copyForSearch(session, channel(progress))),
    historyHits: (history, asked, progress) => settled(commands.historyHits(history, asked, channel(progress))),
    exportSearch: (session, asked, file, format, progress) =>
      settled(commands.exportSearch(session, asked, file, format, channel(progress))),
    saveCase: (session, asked, file, progress) => settled(commands.saveCase(session, asked, file, channel(progress))),
    queries: () => settled(commands.queries()),
    saveQuery: (query, before) => settled(commands.saveQuery(query, before)),
    removeQuery: (query) => settled(commands.removeQuery(query)),
    rememberQuery: (asked) => settled(commands.rememberQuery(asked)),
    notebook: (session) => settled(commands.notebook(session)),
    putNote: (session, note) => settled(commands.putNote(session, note)),
    removeNote: (session, id) => settled(commands.removeNote(session, id)),
    readModelTables: (session, readModel) => settled(commands.readModelTables(session, readModel)),
    readModelMapping: (session, asked, progress) =>
      settled(commands.readModelMapping(session, asked, channel(progress))),
    compareReadModel: (session, asked, progress) =>
      settled(commands.compareReadModel(session, asked, channel(progress))),
    saveMapping: (session, file, text) => done(commands.saveMapping(session, file, text)),
    compareStores: (session, asked, progress) => settled(commands.compareStores(session, asked, channel(progress))),
    closeStores: (comparison) => done(commands.closeStores(comparison)),
    storesRows: (comparison, query) => settled(commands.storesRows(comparison, query)),
    storesPlaces: (comparison, row, offset, limit, progress) =>
      settled(commands.storesPlaces(comparison, row, offset, limit, channel(progress))),
    storesEvent: (asked) => settled(commands.storesEvent(asked)),
    storesFrame: async (asked, query) => decodeStateFrame(await settled(commands.storesFrame(asked, query))),
    storesStates: (comparison, row, progress) => settled(commands.storesStates(comparison, row, channel(progress))),
    exportStores: (comparison, file, progress) => done(commands.exportStores(comparison, file, channel(progress))),
    anchors: (session, folder) => settled(commands.anchors(session, folder)),
    makeAnchor: (session, asked, progress) => settled(commands.makeAnchor(session, asked, channel(progress))),
    verifyStore: (session, asked, progress) => settled(commands.verifyStore(session, asked, channel(progress))),
    verifyChain: (session, key, explanations, progress) =>
      settled(commands.verifyChain(session, key, explanations, channel(progress))),
    storeHealth: (session, handler, progress) => settled(commands.storeHealth(session, handler, channel(progress))),
    reportManner: (session) => settled(commands.reportManner(session)),
    reportPaths: (session, asked, progress) => settled(commands.reportPaths(session, asked, channel(progress))),
    makeReport: (session, asked, progress) => settled(commands.makeReport(session, asked, channel(progress))),
    openReport: (folder, pages) => done(commands.openReport(folder, pages)),
    verifyBundle: (folder, key) => settled(commands.verifyBundle(folder, key)),
    pickFolder: () => open({ multiple: false, directory: true }),
    handlers: (session) => settled(commands.handlers(session)),
    handlerTold: (handler) => settled(commands.handlerTold(handler)),
    handlerCoverage: (session, handler, progress) =>
      settled(commands.handlerCoverage(session, handler, channel(progress))),
    testHandler: (session, handler, progress) => settled(commands.testHandler(session, handler, channel(progress))),
    draftHandler: (handler) => settled(commands.draftHandler(handler)),
    writeDraft: (draft, file, text) => settled(commands.writeDraft(draft, file, text)),
    discardDraft: (draft) => done(commands.discardDraft(draft)),
    restoreDraft: (draft) => done(commands.restoreDraft(draft)),
    publishDraft: (session, draft, version) => settled(commands.publishDraft(session, draft, version)),
    tryDraft: (session, draft, stream, at, progress) =>
      settled(commands.tryDraft(session, draft, stream, at, channel(progress))),
    compareHandlers: (session, asked, progress) => settled(commands.compareHandlers(session, asked, channel(progress))),
    differingRows: (run, offset, limit) => settled(commands.differingRows(run, offset, limit)),
    openPair: (session, scope, left, right, progress) =>
      settled(commands.openPair(session, scope, left, right, channel(progress))),
    pairPage: (pair, moment, isWhole) => settled(commands.pairPage(pair, moment, isWhole)),
    closeRun: (run) => done(commands.closeRun(run)),
    handlerIdentity: (handler) => settled(commands.handlerIdentity(handler)),
    invariantsOf: (handler) => settled(commands.invariantsOf(handler)),
    checkHandler: (session, asked, progress) => settled(commands.checkHandler(session, asked, channel(progress))),
    violationRows: (run, invariant, offset, limit) => settled(commands.violationRows(run, invariant, offset, limit)),
    invariantCourse: (session, scope, handler, invariant, progress) =>
      settled(commands.invariantCourse(session, scope, handler, invariant, channel(progress))),
    checkVersions: (session, scope, handler, invariant, progress) =>
      settled(commands.checkVersions(session, scope, handler, invariant, channel(progress))),
    minimizeHistory: (session, asked, progress) => settled(commands.minimizeHistory(session, asked, channel(progress))),
    gate: (session, scope, handler, progress) => settled(commands.gate(session, scope, handler, channel(progress))),
    gateExample: (session, stream, cursor, handler, progress) =>
      settled(commands.gateExample(session, stream, cursor, handler, channel(progress))),
    openSandbox: (session, asked, progress) => settled(commands.openSandbox(session, asked, channel(progress))),
    sandboxRows: (sandbox, offset, limit) => settled(commands.sandboxRows(sandbox, offset, limit)),
    sandboxPage: (sandbox, row, isWhole) => settled(commands.sandboxPage(sandbox, row, isWhole)),
    sandboxDraft: (session, sandbox, row) => settled(commands.sandboxDraft(session, sandbox, row)),
    saveTestCase: (session, file, text) => done(commands.saveTestCase(session, file, text)),
    cancelJob: (job) => done(commands.cancelJob(job)),
    saveSettings: (settings) => done(commands.saveSettings(settings)),
    bindKeys: (binding) => done(commands.bindKeys(binding)),
    unbindKeys: (context, keys) => done(commands.unbindKeys(context, keys)),
    classify: (location, environment) => done(commands.classify(location, environment)),
    rememberWindow: (shown) => done(commands.rememberWindow(shown)),
    cacheUse: () => settled(commands.cacheUse()),
    clearCache: () => settled(commands.clearCache()),
    connections: () => settled(commands.connections()),
    saveConnection: (connection, before) => settled(commands.saveConnection(connection, before)),
    removeConnection: (name) => settled(commands.removeConnection(name)),
    readAddress: (address) => settled(commands.readAddress(address)),
    typePassword: (location, password) => done(commands.typePassword(location, password)),
    tryConnection: (connection, password, told) => settled(commands.tryConnection(connection, password, channel(told))),
    forgetRecent: (location) => done(commands.forgetRecent(location)),
    pickFile: (what) => {
      const filters =
        what === 'layout'
          ? [{ name: 'Layout', extensions: ['toml'] }]
          : what === 'handler'
            ? [{ name: 'Handler', extensions: ['yaml', 'yml', 'json', 'js', 'mjs', 'wasm'] }]
            : [];
      return open({ multiple: false, directory: false, filters });
    },
    onFileDrop: (listener) => {
      const listening = getCurrentWebview().onDragDropEvent(({ payload }) => {
        if (payload.type === 'drop') listener({ kind: 'dropped', paths: payload.paths });
        else listener({ kind: payload.type === 'leave' ? 'left' : 'over' });
      });
      return () => void listening.then((stop) => stop());
    },
    onLink: (listener) => void commands.watchLinks(channel(listener)),
    dress: async (title, theme, zoomPercent) => {
      await getCurrentWebview().setZoom(zoomPercent / 100);
      await getCurrentWindow().setTitle(title);
      await getCurrentWindow().setTheme(theme === 'system' ? null : theme);
    },
  };
}

type Crossed<Answer> = { status: 'ok'; data: Answer } | { status: 'error'; error: AppErrorWire };

async function settled<Answer>(call: Promise<Crossed<Answer>>): Promise<Answer> {
  const crossed = await call;
  if (crossed.status === 'error') throw new BackendError(crossed.error);
  return crossed.data;
}

async function done(call: Promise<Crossed<null>>): Promise<void> {
  await settled(call);
}

function channel<Update>(listener: (update: Update) => void): Channel<Update> {
  const opened = new Channel<Update>();
  opened.onmessage = listener;
  return opened;
}
