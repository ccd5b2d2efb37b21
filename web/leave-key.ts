/** Ctrl+Alt+Home, and Ctrl+Shift+Esc where the desktop lets it through: keys that no firmware menu waits for. */
export function isLeaveKey({ key, ctrlKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return ctrlKey && ((key === 'Home' && altKey) || (key === 'Escape' && shiftKey));
}
