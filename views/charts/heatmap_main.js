// The heatmap as a component: one view for each place on the page where it stands.

const views = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.heatmap');
  if (!views.has(root)) views.set(root, new View(root));
  if (data) views.get(root).update(data, (choice) => setTriggerValue('select', choice));
}
