// The editor for the files of a draft: the one place that knows CodeMirror. Read when a draft is opened for the first time.
//
// It lives in a shadow root: there its style sheets are adopted, which the page's security policy lets it do, while a style
// element in the page would be refused. The tokens of the page hold in it too.

import { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory } from '@codemirror/commands';
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  StreamLanguage,
  syntaxHighlighting,
} from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { unifiedMergeView } from '@codemirror/merge';
import { search, searchKeymap } from '@codemirror/search';
import { Annotation, Compartment, EditorState, type Extension, type Text, type Transaction } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** A place as editors count, from 1. */
export interface Spot {
  line: number;
  column: number;
}

/** What is said of a place in the text. */
export interface Remark extends Spot {
  code: string;
  message: string;
}

export interface Editing {
  name: string;
  text: string;
  /** What it is called for those who do not see it. */
  label: string;
  onwrite: (text: string) => void;
  /** What an editor of the same file left behind ({@link Editor.hold}). */
  held?: unknown;
}

export interface Editor {
  /** Goes on with a text that somebody else wrote, which can be undone as what was typed. */
  take(text: string): void;
  /** What the next editor of the file goes on with: the text, the caret, and what can be undone. */
  hold(): unknown;
  /** Whether nothing can be typed. */
  lock(isReadOnly: boolean): void;
  remark(remarks: readonly Remark[]): void;
  focus(): void;
  /** Puts the caret there, in the middle of what is seen. */
  goTo(spot: Spot): void;
  /** Marks what is otherwise than in another text; `null`: nothing. */
  compare(original: string | null): void;
  close(): void;
}

/** Opens a text in an element of the page. */
export async function open(host: HTMLElement, editing: Editing): Promise<Editor> {
  const { held, text } = editing;
  const own = await ownOf(editing);
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const place = document.createElement('div');
  place.style.height = '100%';
  root.replaceChildren(place);
  const before = held instanceof EditorState && held.lineBreak === lineEndOf(text) ? held : null;
  const state = before?.update({ effects: OWN.reconfigure(own) }).state ?? stateOf(text, own);
  const view = new EditorView({ state, parent: place, root });
  const take = (text: string) => {
    // Where its lines end otherwise it is another text from the start.
    if (view.state.lineBreak === lineEndOf(text)) view.dispatch(changeTo(view.state, text));
    else view.setState(stateOf(text, own));
  };
  take(text);
  return {
    take,
    hold: () => view.state,
    lock(isReadOnly) {
      view.dispatch({ effects: LOCKED.reconfigure(EditorState.readOnly.of(isReadOnly)) });
    },
    remark(remarks) {
      const found = remarks.map((remark): Diagnostic => {
        const { code, message } = remark;
        return { ...spanOf(view.state.doc, remark), severity: 'error', message: `${code}: ${message}` };
      });
      view.dispatch(setDiagnostics(view.state, found));
    },
    focus: () => view.focus(),
    goTo(spot) {
      const { from } = spanOf(view.state.doc, spot);
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
      view.focus();
    },
    compare(original) {
      const marks = original === null ? [] : unifiedMergeView({ original, mergeControls: false });
      view.dispatch({ effects: COMPARED.reconfigure(marks) });
    },
    close: () => view.destroy(),
  };
}

// What the window does with these keys is a command of its own.
const TAKEN = ['Mod-Enter'];
const OWN_KEYS = defaultKeymap.filter(({ key }) => !TAKEN.includes(key ?? ''));

// Each state has these, so that one that was held can be gone on with.
const [COMPARED, LOCKED, OWN] = [new Compartment(), new Compartment(), new Compartment()];
/** Nobody typed it here. */
const OUTSIDE = Annotation.define<boolean>();

function stateOf(text: string, own: Extension): EditorState {
  const lineEnd = lineEndOf(text);
  return EditorState.create({
    doc: text,
    extensions: [
      ...[lineNumbers(), highlightActiveLineGutter(), highlightSpecialChars(), history(), drawSelection()],
      ...[indentOnInput(), bracketMatching(), indentUnit.of('  '), EditorState.tabSize.of(2)],
      ...[lintGutter(), search({ top: true }), syntaxHighlighting(COLOURS), LOOK, OWN.of(own), COMPARED.of([])],
      keymap.of([...OWN_KEYS, ...searchKeymap, ...historyKeymap, ...lintKeymap, indentWithTab]),
      EditorState.lineSeparator.of(lineEnd),
      // What comes from elsewhere takes the ends of the lines that are here.
      EditorView.clipboardInputFilter.of((text) => text.replace(/\r\n?|\n/g, lineEnd)),
      LOCKED.of([]),
    ],
  });
}

/** What is of one editor of a file: its language, its name, and who is told of what is typed. */
async function ownOf({ label, name, onwrite }: Editing): Promise<Extension> {
  return [
    await languageOf(name),
    // It scrolls by keys where it is in the order of Tab: said, because not everybody takes that from what can be edited.
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
    followed(),
    EditorView.updateListener.of(({ docChanged, state, transactions }) => {
      const isTyped = (of: Transaction) => of.docChanged && of.annotation(OUTSIDE) !== true;
      if (docChanged && transactions.some(isTyped)) onwrite(state.sliceDoc());
    }),
  ];
}

// What is said of a draft while it is written comes and goes around the text, and takes room from it: the line that is
// written would be left behind the edge. Whoever scrolls away from it is left alone until the caret moves again.
function followed(): Extension {
  let isFollowed = true;
  let isAsked = false;
  const look = (view: EditorView) => {
    isAsked = false;
    if (!isFollowed || !view.hasFocus || !view.dom.isConnected) return;
    const { head } = view.state.selection.main;
    if (isSeen(view, head)) return;
    view.dispatch({ effects: EditorView.scrollIntoView(head, { yMargin: view.defaultLineHeight / 2 }) });
  };
  const leave = (event: Event) => {
    const isScrolled = event.type === 'wheel' || !(event.target as Element).closest('.cm-content');
    if (isScrolled) isFollowed = false;
    return false;
  };
  return [
    EditorView.domEventObservers({ wheel: leave, pointerdown: leave }),
    EditorView.updateListener.of(({ docChanged, selectionSet, view }) => {
      if (docChanged || selectionSet) isFollowed = true;
      if (isAsked) return;
      isAsked = true;
      // What was changed is laid out by then.
      requestAnimationFrame(() => look(view));
    }),
  ];
}

/** Whether the line of a place lies inside all that clips it. */
function isSeen(view: EditorView, at: number): boolean {
  const place = view.coordsAtPos(at);
  // What is far away is not laid out at all.
  if (!place) return view.viewport.from <= at && at <= view.viewport.to;
  const host = (view.root as ShadowRoot).host;
  let clip: Element | null = view.scrollDOM;
  while (clip) {
    const { overflowX, overflowY } = getComputedStyle(clip);
    const { bottom, left, right, top } = clip.getBoundingClientRect();
    if (overflowY !== 'visible' && (place.top < top - 1 || place.bottom > bottom + 1)) return false;
    if (overflowX !== 'visible' && (place.left < left - 1 || place.right > right + 1)) return false;
    clip = clip === view.scrollDOM ? host : clip.parentElement;
  }
  return true;
}

/** The one change between what both texts begin and end with; nothing where they are the same. */
function changeTo(state: EditorState, text: string) {
  const wanted = state.toText(text);
  const [before, after] = [state.doc.toString(), wanted.toString()];
  if (before === after) return {};
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before[from] === after[from]) from += 1;
  let tail = 0;
  while (tail < most - from && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const changes = { from, to: before.length - tail, insert: wanted.slice(from, after.length - tail) };
  return { changes, annotations: [OUTSIDE.of(true), isolateHistory.of('full')] };
}

/** How the lines of a file end, so that none of them is written otherwise than it was. */
export function lineEndOf(text: string): string {
  return text.includes('\r\n') && !/(^|[^\r])\n/.test(text) ? '\r\n' : '\n';
}

async function languageOf(name: string): Promise<Extension> {
  switch (name.slice(name.lastIndexOf('.') + 1)) {
    case 'yaml':
    case 'yml':
    case 'json':
      return (await import('@codemirror/lang-yaml')).yaml();
    case 'js':
    case 'mjs':
      return (await import('@codemirror/lang-javascript')).javascript();
    case 'ts':
    case 'mts':
      return (await import('@codemirror/lang-javascript')).javascript({ typescript: true });
    case 'toml':
      return StreamLanguage.define((await import('@codemirror/legacy-modes/mode/toml')).toml);
    default:
      return [];
  }
}

/** From a place to the end of its line; all of the line where nothing is behind it. */
function spanOf(doc: Text, { line, column }: Spot): { from: number; to: number } {
  const of = doc.line(Math.max(1, Math.min(doc.lines, line)));
  // A mark at the start of a file is no column of its first line.
  const mark = of.text.startsWith('\u{feff}') ? 1 : 0;
  const from = Math.min(of.to, of.from + mark + Math.max(0, column - 1));
  return { from: from === of.to ? of.from : from, to: of.to };
}

const COLOURS = HighlightStyle.define([
  { tag: [tags.comment, tags.meta], color: 'var(--fg-3)' },
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--info)' },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--fg-0)' },
  { tag: [tags.invalid], color: 'var(--danger)' },
]);

const LOOK = EditorView.theme({
  '&': { backgroundColor: 'var(--bg-inset)', color: 'var(--fg-1)', fontSize: 'var(--text-xs)', height: '100%' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-scroller': {
    fontFamily: 'var(--font-mono)',
    fontVariantLigatures: 'none',
    lineHeight: 'var(--lh-mono)',
    scrollbarWidth: 'thin',
  },
  '.cm-content': { caretColor: 'var(--fg-0)' },
  '.cm-cursor': { borderLeftColor: 'var(--fg-0)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--accent-sub)',
  },
  '.cm-gutters': { backgroundColor: 'var(--bg-0)', borderRight: '1px solid var(--line-1)', color: 'var(--fg-3)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--bg-2)', color: 'var(--fg-0)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
    backgroundColor: 'var(--bg-3)',
    outline: '1px solid var(--line-2)',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-sub)', outline: '1px solid var(--warn)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--accent-sub)' },
  '.cm-panels': { backgroundColor: 'var(--bg-1)', borderBottom: '1px solid var(--line-1)', color: 'var(--fg-1)' },
  '.cm-panel.cm-search': { fontFamily: 'var(--font-ui)', fontSize: 'var(--text-xs)' },
  '.cm-panel.cm-search label': { fontSize: 'inherit' },
  '.cm-panel.cm-search :focus-visible': { outline: '2px solid var(--focus)', outlineOffset: '1px' },
  '.cm-panel.cm-search [name=close]': { color: 'var(--fg-1)' },
  '.cm-textfield': {
    backgroundColor: 'var(--bg-inset)',
    border: '1px solid var(--line-ctl)',
    borderRadius: 'var(--r-1)',
    color: 'var(--fg-0)',
    fontSize: 'inherit',
  },
  '.cm-button': {
    backgroundColor: 'var(--bg-2)',
    backgroundImage: 'none',
    border: '1px solid var(--line-ctl)',
    borderRadius: 'var(--r-1)',
    color: 'var(--fg-0)',
    fontSize: 'inherit',
  },
  '.cm-tooltip': { backgroundColor: 'var(--bg-pop)', border: '1px solid var(--line-2)', color: 'var(--fg-0)' },
  '.cm-diagnostic': { fontFamily: 'var(--font-ui)', whiteSpace: 'pre-wrap' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--danger)' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--danger)',
    textDecorationSkipInk: 'none',
  },
  '&.cm-merge-b .cm-changedLine, &.cm-merge-b .cm-inlineChangedLine': { backgroundColor: 'var(--add-sub)' },
  '&.cm-merge-b .cm-changedText': { background: 'none', textDecoration: 'underline var(--add)' },
  '&.cm-merge-b .cm-changedLineGutter': { background: 'var(--add)' },
  '&.cm-merge-b .cm-deletedChunk, .cm-deletedChunk': { backgroundColor: 'var(--rem-sub)', color: 'var(--rem)' },
  '&.cm-merge-b .cm-deletedText': { background: 'none' },
  '.cm-deletedLineGutter, &.cm-merge-a .cm-changedLineGutter': { background: 'var(--rem)' },
});
