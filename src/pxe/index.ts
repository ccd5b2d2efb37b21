export { artefacts, bootUrl } from './boot-files.ts';
export { renderBootScript, renderExitScript } from './ipxe/script.ts';
