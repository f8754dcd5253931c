/** Sets styles through the CSSOM, which no shop's content security policy forbids. */
export function style(element: HTMLElement, styles: Record<string, string>): void {
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value);
}

/**
 * Sets styles for a while.
 *
 * @returns a function that gives these properties back as they were
 */
export function styleForAWhile(element: HTMLElement, styles: Record<string, string>): () => void {
  const before = Object.keys(styles).map((name) => [name, element.style.getPropertyValue(name), element.style.getPropertyPriority(name)] as const);
  const hadAttribute = element.hasAttribute('style');
  style(element, styles);
  return () => {
    for (const [name, value, priority] of before) element.style.setProperty(name, value, priority);
    // Asking for its text first makes Chromium forget what it would write there.
    if (!hadAttribute && !element.getAttribute('style')) element.removeAttribute('style');
  };
}

/** An iframe for one of the server's pages, not yet in the document. */
export function makeFrame(id: string, title: string, source: string): HTMLIFrameElement {
  const frame = document.createElement('iframe');
  frame.id = id;
  frame.name = id;
  frame.title = title;
  frame.src = source;
  frame.setAttribute('scrolling', 'no');
  frame.setAttribute('frameborder', '0');
  // Our pages name no scheme at their root, which is light. A browser paints a
  // frame of another scheme than its page's on an opaque ground: white corners
  // in the dark.
  style(frame, { border: '0', 'background-color': 'transparent', 'color-scheme': 'light' });
  return frame;
}

/** The common part of the ids of a widget's frames. */
export const frameID = (name: string, role: 'main' | 'fullscreen'): string =>
  `klarna-${name.toLowerCase().replace(/_/g, '-')}-${role}`;

/** Calls gone once when the element has left the document for good. */
export function watchRemoval(element: Element, gone: () => void): () => void {
  const observer = new MutationObserver(() => {
    if (element.isConnected) return;
    observer.disconnect();
    gone();
  });
  for (let root = element.getRootNode(); ; root = root.host.getRootNode()) {
    observer.observe(root, { childList: true, subtree: true });
    if (!(root instanceof ShadowRoot)) break;
  }
  return () => observer.disconnect();
}
