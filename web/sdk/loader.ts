import { style } from './frame';

const countries = ['SE', 'NO', 'FI', 'DK', 'DE', 'AT', 'NL', 'CH', 'US', 'GB'];

/**
 * Covers a widget's frame with moving dots until it has something to show.
 * Countries without the loader see the empty frame.
 *
 * @returns the loader in front of the frame, to be removed; undefined without
 */
export function coverFrame(frame: HTMLIFrameElement, country: string, height: number): HTMLElement | undefined {
  if (!countries.includes(country)) return undefined;
  const loader = document.createElement('div');
  loader.id = `${frame.id}-loader`;
  loader.setAttribute('aria-hidden', 'true');
  style(loader, {
    display: 'flex', 'align-items': 'center', 'justify-content': 'center', gap: '8px', 'box-sizing': 'border-box',
    width: '100%', 'min-width': '280px', 'max-width': '600px', height: `${height}px`,
    // The frame keeps its place below, so that its page can measure itself.
    'margin-bottom': `-${height}px`,
  }); // prettier-ignore
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  for (let i = 0; i < 3; i++) {
    const dot = document.createElement('span');
    style(dot, { width: '8px', height: '8px', 'border-radius': '50%', background: 'currentColor', opacity: '0.3' });
    if (!calm) dot.animate({ opacity: [0.15, 0.6, 0.15] }, { duration: 1200, delay: i * 200, iterations: Infinity });
    loader.append(dot);
  }
  style(frame, { visibility: 'hidden' });
  frame.before(loader);
  return loader;
}

/** Takes the loader away. */
export function uncoverFrame(frame: HTMLIFrameElement, loader: HTMLElement | undefined): void {
  loader?.remove();
  frame.style.removeProperty('visibility');
}
