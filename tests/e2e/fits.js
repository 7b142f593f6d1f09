// What of the page does not fit: controls that are cut off or lie over each other, text that lies over other text, and
// text that is cut off without saying so. Looked at as a person sees it: what is hidden, folded away or scrolled out of
// sight is left out, and what another layer covers belongs to that layer.
const found = new Set();
const nameOf = (element) => {
  const name = element.dataset.test ?? element.className;
  return `<${element.tagName.toLowerCase()} ${name}> ${(element.innerText || element.ariaLabel || '').trim().slice(0, 40)}`;
};
const isSeen = (element) =>
  element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) &&
  !element.closest('.unseen, [hidden], [aria-hidden=true], [inert], option');

// The part of a box that is seen, and whether what is cut off can be scrolled to.
function seenOf(element, box) {
  let [left, top, right, bottom] = [box.left, box.top, box.right, box.bottom];
  let canScroll = false;
  for (let at = element.parentElement; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    if (style.overflowX !== 'visible' || style.overflowY !== 'visible') {
      const clip = at.getBoundingClientRect();
      if (left < clip.left - 1 || right > clip.right + 1) canScroll ||= ['auto', 'scroll'].includes(style.overflowX);
      if (top < clip.top - 1 || bottom > clip.bottom + 1) canScroll ||= ['auto', 'scroll'].includes(style.overflowY);
      [left, top] = [Math.max(left, clip.left), Math.max(top, clip.top)];
      [right, bottom] = [Math.min(right, clip.right), Math.min(bottom, clip.bottom)];
    }
    if (style.position === 'fixed') break;
  }
  [left, top] = [Math.max(left, 0), Math.max(top, 0)];
  [right, bottom] = [Math.min(right, innerWidth), Math.min(bottom, innerHeight)];
  return { left, top, right, bottom, canScroll };
}

// How wide and how high two boxes lie over each other.
const common = (one, other) => [
  Math.min(one.right, other.right) - Math.max(one.left, other.left),
  Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top),
];

// The layer that an element is painted in, as a palette is painted over the page.
const layers = new Map();
function layerOf(element) {
  if (element === null) return null;
  if (!layers.has(element)) {
    const { position, zIndex } = getComputedStyle(element);
    const isLayer = position === 'fixed' || (position === 'absolute' && zIndex !== 'auto') || element.matches(':popover-open');
    layers.set(element, isLayer ? element : layerOf(element.parentElement));
  }
  return layers.get(element);
}

const controls = [];
for (const control of document.querySelectorAll('button, input, select, textarea, a, [role=tab], [role=separator]')) {
  if (!isSeen(control)) continue;
  const box = control.getBoundingClientRect();
  if (box.width === 0 || box.height === 0) continue;
  const seen = seenOf(control, box);
  const isCut = seen.right - seen.left < box.width - 2 || seen.bottom - seen.top < box.height - 2;
  if (isCut && !seen.canScroll) found.add(`cut off: ${nameOf(control)}`);
  // The border between two panels is wider to the pointer than to the eye.
  if (!control.matches('[role=separator]')) controls.push({ element: control, ...seen });
}
for (const [index, one] of controls.entries()) {
  for (const other of controls.slice(index + 1)) {
    const [wide, high] = common(one, other);
    if (wide < 3 || high < 3 || one.element.contains(other.element) || other.element.contains(one.element)) continue;
    if (layerOf(one.element) !== layerOf(other.element)) continue;
    found.add(`controls over each other: ${nameOf(one.element)} and ${nameOf(other.element)}`);
  }
}

const texts = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement;
  if (node.data.trim() === '' || !element || !isSeen(element)) continue;
  const range = document.createRange();
  range.selectNodeContents(node);
  for (const line of range.getClientRects()) {
    // Its own element may cut it off, and say so by an ellipsis.
    const style = getComputedStyle(element);
    const own = style.overflowX === 'visible' ? line : element.getBoundingClientRect();
    const cut = { left: Math.max(line.left, own.left), top: line.top, right: Math.min(line.right, own.right), bottom: line.bottom };
    const seen = seenOf(element, cut);
    if (seen.right - seen.left > 2 && seen.bottom - seen.top > 2) {
      texts.push({ element, ...seen });
      const all = seenOf(element, line);
      const isCut = Math.min(all.right, own.right) < line.right - 2 && seen.right > line.left + 2;
      if (isCut && !all.canScroll && !says(element)) found.add(`text cut off: ${nameOf(element)}`);
    }
  }
}

// Whether what cuts a text off shows that it does, by an ellipsis or by scrolling.
function says(element) {
  for (let at = element; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    if (style.textOverflow === 'ellipsis' && style.overflowX !== 'visible') return true;
    if (['auto', 'scroll'].includes(style.overflowX)) return true;
  }
  return false;
}

for (const [index, one] of texts.entries()) {
  for (const other of texts.slice(index + 1)) {
    const [wide, high] = common(one, other);
    if (wide < 3 || high < 6 || one.element === other.element) continue;
    if (layerOf(one.element) !== layerOf(other.element)) continue;
    found.add(`over each other: ${nameOf(one.element)} and ${nameOf(other.element)}`);
  }
}
// The words above a list stand above its columns: both are cut into columns alike, and begin and end at the same pixel.
for (const head of document.querySelectorAll('.header > *')) {
  const frame = head.parentElement.parentElement;
  const row = [...frame.querySelectorAll(':scope > .scroller .layer > *')].find(isSeen);
  if (!row || !isSeen(head) || getComputedStyle(head).display !== 'grid') continue;
  const columnsOf = (element) => {
    const { gridTemplateColumns, columnGap, paddingLeft } = getComputedStyle(element);
    return `${gridTemplateColumns} ${columnGap} from ${element.getBoundingClientRect().left + parseFloat(paddingLeft)}`;
  };
  if (columnsOf(head) !== columnsOf(row)) found.add(`not above its columns: ${nameOf(head)}: ${columnsOf(head)}, ${columnsOf(row)}`);
}
return [...found].slice(0, 12);
