// The stage: photo and edit on top of each other, zoom, and what is marked. It draws; the server decides.
// `element`, `props`, `trigger` and `watch` are gradio's.
const root = element.querySelector('.stage');
const part = (name) => root.querySelector(name);
const view = part('.window'), pan = part('.pan'), lines = part('.lines'), paint = part('.paint'), handle = part('.handle');
const images = { before: part('.before'), after: part('.after') };
const details = { before: part('.detail.before'), after: part('.detail.after') };
const size = part('.size input');
const MOST_ZOOM = 4; // times the photo's own pixels
const NEAR = 6; // pixels of a finger or mouse within which a drag is a click
let photo = null, zoom = 1, left = 0, top = 0, share = 0.05, held = false, asked = null;
let drag = null; // what the pointer does: {kind, ...}
const fingers = new Map();

const tool = () => root.dataset.tool;
const adds = () => root.dataset.adds === 'true';

function fit() {
  // The size of the photo at zoom 1 within the window.
  const [width, height] = photo.size, box = view.getBoundingClientRect();
  const scale = Math.min(box.width / width, box.height / height);
  return { scale, width: width * scale, height: height * scale, box };
}

function place() {
  if (!photo) return;
  const { scale, width, height, box } = fit();
  const w = width * zoom, h = height * zoom;
  left = w <= box.width ? (box.width - w) / 2 : Math.min(0, Math.max(box.width - w, left));
  top = h <= box.height ? (box.height - h) / 2 : Math.min(0, Math.max(box.height - h, top));
  Object.assign(pan.style, { width: `${w}px`, height: `${h}px`, transform: `translate(${left}px, ${top}px)` });
  const visible = { start: Math.max(0, left), end: Math.min(box.width, left + w) };
  const x = held ? visible.end : tool() === 'look' ? visible.start + share * (visible.end - visible.start) : visible.start;
  const cut = `inset(0 0 0 ${Math.max(0, x - left)}px)`;
  images.after.style.clipPath = cut;
  details.after.style.clipPath = details.after.src ? `inset(0 0 0 ${Math.max(0, x - left - details.after.offsetLeft)}px)` : '';
  handle.style.left = `${x}px`;
  handle.style.top = `${Math.max(0, top)}px`;
  handle.style.height = `${Math.min(box.height, h)}px`;
  handle.setAttribute('aria-valuenow', Math.round(100 * share));
  root.classList.toggle('held', held);
  root.classList.toggle('zoomed', zoom > 1.001);
  lines.style.setProperty('--line', `${1 / (scale * zoom)}`);
  part('[data-zoom=fit]').textContent = zoom > 1.001 ? `${Math.round(100 * scale * zoom * photo.size[0] / photo.full[0] * devicePixelRatio)} %` : 'Fit';
}

function detail() {
  // Ask for the photo's own pixels where the small picture is stretched.
  clearTimeout(asked);
  const { scale, width, height, box } = fit();
  if (photo.full[0] <= photo.size[0] || scale * zoom * devicePixelRatio < 1.1) return;
  const x = Math.max(0, -left) / (width * zoom), y = Math.max(0, -top) / (height * zoom);
  const wide = Math.min(1 - x, box.width / (width * zoom)), high = Math.min(1 - y, box.height / (height * zoom));
  asked = setTimeout(() => trigger('expand', { x, y, width: wide, height: high }), 300);
}

function clearDetail() {
  for (const image of Object.values(details)) { image.removeAttribute('src'); image.style.display = 'none'; }
}

function zoomTo(value, x, y) {
  // Zoom so that what is at (x, y) of the window stays there.
  const { scale } = fit();
  const most = Math.max(4, MOST_ZOOM * photo.full[0] / photo.size[0] / (scale * devicePixelRatio));
  const next = Math.min(most, Math.max(1, value));
  left = x - (x - left) * next / zoom;
  top = y - (y - top) * next / zoom;
  zoom = next;
  place();
  clearDetail();
  detail();
}

function at(event) {
  // Where the pointer is, as shares of the photo.
  const box = pan.getBoundingClientRect();
  const inside = (value) => Math.min(1, Math.max(0, value));
  return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
}

function radius() { // of the brush, as a share of the photo's longer side; a slider step is felt alike small and large
  return 0.004 * Math.pow(40, size.value / 100) / Math.sqrt(zoom);
}

function drawOutlines() {
  const [width, height] = photo.size;
  lines.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const paths = photo.outlines.filter((one) => root.classList.contains('outlined') || !one.edited)
    .map((one) => `<path class="region${one.active ? ' active' : ''}" d="${one.path}"/>`);
  if (photo.draft) paths.push(`<path class="draft" fill-rule="evenodd" d="${photo.draft}"/>`);
  if (tool() === 'suggest') paths.push(...(photo.suggested || []).map((one) => `<path class="suggested" d="${one.path}"/>`));
  lines.innerHTML = paths.map((path) => path.replace('class="', 'class="under ')).join('') + paths.join('');
}

function tell() {
  const words = {
    look: photo.outlines.length || photo.draft ? '' : 'Open a photo, then mark what should draw less attention, or more.',
    select: adds() ? 'Click on a thing, or drag a box around it.' : 'Click on what does not belong to it.',
    brush: adds() ? 'Paint over the region.' : 'Paint over what does not belong to it.',
    suggest: suggestionsInWords(),
  }[tool()];
  const marked = photo.draft ? `Marked: ${photo.share} % of the photo. Press Propose to take it. ${photo.doubt}` : '';
  part('.hint').textContent = marked + words;
}

function show(value) {
  const next = JSON.parse(value || 'null');
  if (!next) return;
  const another = !photo || photo.key !== next.key;
  photo = next;
  if (next.before) images.before.src = next.before;
  images.after.src = next.after;
  root.style.setProperty('--ratio', next.size[0] / next.size[1]);
  if (another) {
    zoom = 1; left = top = 0;
    setTool(next.outlines.length ? 'look' : 'select');
  }
  answered();
  clearDetail();
  paint.width = paint.height = 0;
  drawOutlines(); drawNumbers(); tell(); place();
  if (zoom > 1) detail();
}

function setTool(name) {
  root.dataset.tool = name;
  for (const button of root.querySelectorAll('button[data-tool]')) button.setAttribute('aria-pressed', button.dataset.tool === name);
  if (name === 'look' || name === 'suggest') setAdds(true);
  if (photo) { drawOutlines(); drawNumbers(); tell(); place(); }
}

function setAdds(value) {
  root.dataset.adds = value;
  for (const button of root.querySelectorAll('button[data-adds]')) button.setAttribute('aria-pressed', button.dataset.adds === String(value));
  if (photo) tell();
}

function draw() {
  // The stroke or the box that is being drawn.
  const box = pan.getBoundingClientRect(), dense = Math.min(devicePixelRatio, 2);
  paint.width = Math.min(4096, box.width * dense); paint.height = Math.min(4096, box.height * dense);
  const brush = paint.getContext('2d');
  const x = (value) => value * paint.width, y = (value) => value * paint.height;
  if (drag.kind === 'box') {
    brush.lineWidth = 2 * dense; brush.strokeStyle = '#ffd640'; brush.setLineDash([6 * dense, 4 * dense]);
    const [[x0, y0], [x1, y1]] = [drag.start, drag.end];
    brush.strokeRect(x(Math.min(x0, x1)), y(Math.min(y0, y1)), x(Math.abs(x1 - x0)), y(Math.abs(y1 - y0)));
    return;
  }
  brush.lineCap = brush.lineJoin = 'round';
  brush.lineWidth = 2 * drag.radius * Math.max(paint.width, paint.height);
  brush.strokeStyle = adds() ? 'rgba(255, 60, 90, 0.5)' : 'rgba(20, 20, 20, 0.6)';
  brush.beginPath();
  drag.points.forEach(([a, b], index) => (index ? brush.lineTo(x(a), y(b)) : brush.moveTo(x(a), y(b))));
  if (drag.points.length === 1) brush.lineTo(x(drag.points[0][0]) + 0.1, y(drag.points[0][1]));
  brush.stroke();
}

function pinch() {
  const [one, other] = [...fingers.values()], box = view.getBoundingClientRect();
  return { apart: Math.hypot(one.x - other.x, one.y - other.y), x: (one.x + other.x) / 2 - box.left, y: (one.y + other.y) / 2 - box.top };
}

view.addEventListener('pointerdown', (event) => {
  if (!photo || event.button > 0 || event.target.closest('.numbers button') || event.timeStamp - tookAt < TWICE) return;
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  view.setPointerCapture(event.pointerId);
  if (fingers.size === 2) {
    drag = { kind: 'pinch', before: pinch(), zoom };
    paint.width = 0;
    return;
  }
  const start = at(event), near = Math.abs(event.clientX - handle.getBoundingClientRect().left - handle.offsetWidth / 2) < 24;
  if (tool() === 'brush') { drag = { kind: 'stroke', points: [start], radius: radius() }; draw(); }
  else if (tool() === 'select') drag = { kind: 'box', start, end: start, x: event.clientX, y: event.clientY };
  else if (tool() === 'suggest') drag = { kind: 'take', x: event.clientX, y: event.clientY, start, left, top };
  else if (near || zoom <= 1.001) { drag = { kind: 'handle', touch: event.pointerType === 'touch' && !near }; if (!drag.touch) moveHandle(event); }
  else drag = { kind: 'pan', x: event.clientX, y: event.clientY, left, top };
  if (event.pointerType !== 'touch') event.preventDefault();
});

function moveHandle(event) {
  const { width, box } = fit();
  const start = Math.max(0, left), end = Math.min(box.width, left + width * zoom);
  share = Math.min(1, Math.max(0, (event.clientX - box.left - start) / (end - start)));
  place();
}

view.addEventListener('pointermove', (event) => {
  cursor(event);
  if (fingers.has(event.pointerId)) fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  if (!drag) return;
  if (drag.kind === 'pinch' && fingers.size === 2) {
    const now = pinch();
    left += now.x - drag.before.x; top += now.y - drag.before.y;
    zoomTo(zoom * now.apart / drag.before.apart, now.x, now.y);
    drag.before = now;
  } else if (drag.kind === 'stroke') {
    const [x, y] = at(event), [a, b] = drag.points[drag.points.length - 1];
    if (drag.points.length < 4000 && Math.hypot(x - a, y - b) > 0.001) { drag.points.push([x, y]); draw(); }
  } else if (drag.kind === 'box') { drag.end = at(event); draw(); }
  else if (drag.kind === 'handle') moveHandle(event);
  else if (drag.kind === 'pan' || drag.kind === 'take') { left = drag.left + event.clientX - drag.x; top = drag.top + event.clientY - drag.y; place(); }
});

function released(event) {
  fingers.delete(event.pointerId);
  const done = drag;
  if (!done || (done.kind === 'pinch' && fingers.size)) return;
  drag = null;
  if (event.type === 'pointercancel') { paint.width = 0; return; }
  const rounded = ([x, y]) => [Math.round(x * 1e5) / 1e5, Math.round(y * 1e5) / 1e5];
  if (done.kind === 'stroke') trigger('select', { kind: 'stroke', points: done.points.map(rounded), radius: done.radius, adds: adds() });
  else if (done.kind === 'box') {
    const [[x0, y0], [x1, y1]] = [rounded(done.start), rounded(done.end)];
    const still = Math.hypot(event.clientX - done.x, event.clientY - done.y) < NEAR;
    if (still) { paint.width = 0; trigger('select', { kind: 'click', x: x0, y: y0, adds: adds() }); }
    else trigger('select', { kind: 'box', x: Math.min(x0, x1), y: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0) });
  } else if (done.kind === 'take' && Math.hypot(event.clientX - done.x, event.clientY - done.y) < NEAR) takeAt(...done.start);
  else if (done.kind === 'pan' || done.kind === 'take') detail();
}
view.addEventListener('pointerup', released);
view.addEventListener('pointercancel', released);

function cursor(event) {
  const ring = part('.cursor'), box = view.getBoundingClientRect(), shown = photo && tool() === 'brush' && event.pointerType !== 'touch';
  ring.style.display = shown ? 'block' : 'none';
  if (!shown) return;
  const wide = 2 * radius() * Math.max(pan.offsetWidth, pan.offsetHeight);
  Object.assign(ring.style, { width: `${wide}px`, height: `${wide}px`, left: `${event.clientX - box.left}px`, top: `${event.clientY - box.top}px` });
}
view.addEventListener('pointerleave', () => { part('.cursor').style.display = 'none'; });

view.addEventListener('wheel', (event) => {
  if (!photo || !(event.ctrlKey || event.metaKey || zoom > 1.001 || view.matches(':focus, :focus-within'))) return;
  event.preventDefault();
  const box = view.getBoundingClientRect();
  zoomTo(zoom * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });
view.addEventListener('dblclick', (event) => {
  if (!photo || tool() !== 'look') return;
  const { scale, box } = fit(), own = photo.full[0] / photo.size[0] / (scale * devicePixelRatio);
  zoomTo(zoom > 1.001 ? 1 : Math.max(2, own), event.clientX - box.left, event.clientY - box.top);
});

root.querySelectorAll('button[data-tool]').forEach((one) => one.addEventListener('click', () => {
  const again = one.dataset.tool === 'suggest' && tool() === 'suggest';
  tookAt = -TWICE; // who chose a tool since means the next click
  setTool(one.dataset.tool);
  if (one.dataset.tool === 'suggest') askForSuggestions(again);
}));
root.querySelectorAll('button[data-adds]').forEach((one) => one.addEventListener('click', () => setAdds(one.dataset.adds === 'true')));
root.querySelectorAll('button[data-zoom]').forEach((one) => one.addEventListener('click', () => {
  if (!photo) return;
  const { box } = fit(), way = one.dataset.zoom;
  zoomTo(way === 'fit' ? 1 : way === 'in' ? zoom * 1.6 : zoom / 1.6, box.width / 2, box.height / 2);
}));
function hold(value) { held = value; place(); }
part('.hold').addEventListener('pointerdown', (event) => { event.preventDefault(); event.target.setPointerCapture(event.pointerId); hold(true); });
for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) part('.hold').addEventListener(end, () => hold(false));
part('.hold').addEventListener('contextmenu', (event) => event.preventDefault());
part('.hold').addEventListener('keydown', (event) => { if (event.key === ' ' || event.key === 'Enter') { event.preventDefault(); hold(true); } });
part('.hold').addEventListener('keyup', () => hold(false));
handle.addEventListener('keydown', (event) => {
  const step = { ArrowLeft: -0.05, ArrowRight: 0.05 }[event.key];
  if (step) { event.preventDefault(); share = Math.min(1, Math.max(0, share + step)); place(); }
});
const writes = (target) => target.matches?.('textarea, [contenteditable], input:not([type=range]):not([type=checkbox]):not([type=radio])');
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && event.target.matches?.('input[type=number]')) event.target.blur();  // a typed value is one that was let go
  if (writes(event.target)) return;
  if (event.key === 'b' && !event.ctrlKey && !event.metaKey && !event.altKey) hold(true);
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const way = event.key.toLowerCase() === 'y' || (event.key === 'Z' || (event.shiftKey && event.key === 'z')) ? 'redo' : event.key === 'z' ? 'undo' : null;
  if (way) { event.preventDefault(); document.querySelector(`#${way}`)?.click(); }
});
document.addEventListener('keyup', (event) => { if (event.key === 'b') hold(false); });
document.addEventListener('stage-outline', (event) => { root.classList.toggle('outlined', event.detail); if (photo) drawOutlines(); });
document.addEventListener('stage-detail', (event) => {
  const found = JSON.parse(event.detail || 'null');
  if (!found || !photo) return;
  for (const name of ['before', 'after']) {
    const image = details[name];
    Object.assign(image.style, { display: 'block', left: `${100 * found.x}%`, top: `${100 * found.y}%`, width: `${100 * found.width}%`, height: `${100 * found.height}%` });
    image.src = found[name];
  }
  details.after.onload = place;
});
