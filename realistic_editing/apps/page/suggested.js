// Suggestions on the stage: outlines with numbers. The second half of stage.js, whose names it uses; it begins the whole.
const PATIENCE = 30000; // milliseconds within which an answer is waited for
const TWICE = 500; // milliseconds within which a second click belongs to the one that took a suggestion
let waiting = null, tookAt = -TWICE;

function askForSuggestions(again) {
  if (!photo || waiting || (photo.suggested && !again)) return;
  waiting = setTimeout(() => { answered(); if (photo) tell(); }, PATIENCE);
  root.setAttribute('aria-busy', 'true');
  tell();
  trigger('select', { kind: 'suggest' });
}

function answered() {
  // Whatever the server shows next ends the waiting; what was taken from the suggestions is refined with Select.
  clearTimeout(waiting);
  waiting = null;
  root.removeAttribute('aria-busy');
}

function take(number) {
  // While others are looked for, a number may soon be another thing's.
  if (waiting || tool() !== 'suggest' || !(photo?.suggested || []).some((one) => one.number === number)) return;
  const focused = part('.numbers').contains(document.activeElement);
  tookAt = performance.now();
  setTool('select');
  if (focused) root.querySelector('button[data-tool=select]').focus(); // the number that had it is gone
  trigger('select', { kind: 'suggestion', number });
}

function takeAt(x, y) {
  // The smallest suggestion under a place, given as shares of the photo.
  const at = new DOMPoint(x * photo.size[0], y * photo.size[1]);
  const under = [...lines.querySelectorAll('path.suggested:not(.under)')].map((path, index) => ({ path, one: photo.suggested[index] }))
    .filter(({ path }) => path.isPointInFill(at)).sort((a, b) => area(a.path) - area(b.path));
  if (under.length) take(under[0].one.number);
}

function area(path) {
  const box = path.getBBox();
  return box.width * box.height;
}

function drawNumbers() {
  const shown = tool() === 'suggest' ? photo.suggested || [] : [];
  part('.numbers').replaceChildren(...shown.map((one) => {
    const button = document.createElement('button');
    Object.assign(button, { type: 'button', textContent: one.number, title: one.reason });
    button.setAttribute('aria-label', `${one.number}. ${one.reason}: take it`);
    Object.assign(button.style, { left: `${100 * one.x}%`, top: `${100 * one.y}%` });
    button.addEventListener('click', () => take(one.number));
    return button;
  }));
}

function suggestionsInWords() {
  if (waiting) return 'Looking for what draws the eye …';
  if (photo.refusal) return photo.refusal[0];
  if (!photo.suggested) return 'Press Suggest to see what draws the eye away from the subject.';
  if (!photo.suggested.length) return 'Nothing but people, if any, draws the eye beyond its size. Mark with Select what is to be edited.';
  return `Click on one, or press its number: ${photo.suggested.map((one) => `${one.number}. ${one.reason}`).join('; ')}.`;
}

document.addEventListener('keydown', (event) => {
  const plain = !(event.ctrlKey || event.metaKey || event.altKey);
  if (plain && tool() === 'suggest' && /^[1-9]$/.test(event.key) && !writes(event.target)) take(Number(event.key));
});

new ResizeObserver(place).observe(view);
watch('value', () => show(props.value));
show(props.value);
