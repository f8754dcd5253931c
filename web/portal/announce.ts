/** Says something to who cannot see it happen. */
export function announce(text: string): void {
  const place = document.querySelector('[data-announcement]');
  if (place !== null) {
    place.textContent = text;
  }
}
