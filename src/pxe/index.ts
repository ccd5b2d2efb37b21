export { artefacts, bootUrl } from './boot-files.ts';
export { createFileTable } from './http/byte-source.ts';
export { openIso } from './iso/image.ts';
export { renderBootScript, renderExitScript } from './ipxe/script.ts';
