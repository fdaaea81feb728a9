// Runs one of the pages' Web Workers in a Node thread: `self` and WebSocket as
// a browser has them. workerData: {script: URL, modules: where `ws` is}.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

globalThis.self = globalThis;
globalThis.WebSocket = createRequire(workerData.modules)('ws');
globalThis.postMessage = (message, transfer) =>
  parentPort.postMessage(message, transfer);
globalThis.close = () => process.exit(0);
await import(workerData.script);
parentPort.on('message', (data) => globalThis.onmessage({ data }));
