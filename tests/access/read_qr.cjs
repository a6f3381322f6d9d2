// The text of the QR code in a PNG that comes on standard input; by jsQR, which knows nothing of who drew it.
'use strict';

const jsqr = require('jsqr');
const { PNG } = require('pngjs');

const { data, width, height } = PNG.sync.read(require('fs').readFileSync(0));
const found = jsqr(new Uint8ClampedArray(data), width, height);
if (!found) throw new Error(`no QR code in ${width}x${height} pixels`);
process.stdout.write(found.data);
