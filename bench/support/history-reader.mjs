// A client of the text protocol that asks for a hundred thousand bars whenever it is told to, counts the bytes of the
// answer, and says how many milliseconds it took until the last one.
import { once } from 'node:events';
import { connect } from 'node:net';

/** Frames that have come and that nobody has waited for yet, and those who wait. */
let frames = 0;
const waiting = [];
/** The length of the frame that is coming, as far as it is there, and the bytes that it lacks. */
let head = Buffer.alloc(0);
let missing = 0;

const socket = connect(Number(process.argv[2]), '127.0.0.1');
socket.on('data', count);
await once(socket, 'connect');
socket.write(Buffer.concat([Buffer.from('API\0'), lengthOf(4), Buffer.from('v178')]));
send(71, 2, 1, '');
// Greeting, accounts, next id, and the state of three farms.
for (let message = 0; message < 6; message += 1) await nextFrame();

let reqId = 0;
process.on('message', () => void answer());
process.once('disconnect', () => process.exit());
process.send('ready');

async function answer() {
  reqId += 1;
  const begun = performance.now();
  const contract = [0, 'EUR', 'CASH', '', '', '', '', 'IDEALPRO', '', 'USD', '', '', 0];
  send(20, reqId, ...contract, '', '1 min', '71 D', 0, 'MIDPOINT', 2, 0, '');
  await nextFrame();
  process.send(performance.now() - begun);
}

function send(...fields) {
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  socket.write(Buffer.concat([lengthOf(body.length), body]));
}

function lengthOf(bytes) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}

/** Resolves when one more frame has come; nobody looks at what is in it. */
function nextFrame() {
  return new Promise((resolve) => {
    waiting.push(resolve);
    pass();
  });
}

function pass() {
  while (frames > 0 && waiting.length > 0) {
    frames -= 1;
    waiting.shift()();
  }
}

function count(chunk) {
  let at = 0;
  while (at < chunk.length) {
    if (head.length < 4) {
      const rest = chunk.subarray(at, at + 4 - head.length);
      head = Buffer.concat([head, rest]);
      at += rest.length;
      if (head.length < 4) break;
      missing = head.readUInt32BE(0);
    }
    const taken = Math.min(missing, chunk.length - at);
    missing -= taken;
    at += taken;
    if (missing > 0) break;
    head = Buffer.alloc(0);
    frames += 1;
  }
  pass();
}
