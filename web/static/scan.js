// Reads the QR code of a label, by camera or from a photo. Nothing leaves this browser but what stands in the field.
"use strict";

const LARGEST = [1600, 1000, 600, 2400];

const box = document.querySelector("[data-scan]");
const lens = box.querySelector(".lens");
const video = box.querySelector("video");
const camera = box.querySelector("[data-camera]");
const photo = document.getElementById("photo");
const field = document.getElementById("f-label");
const go = field.form.querySelector("[name=how][value=now]:not([hidden])");
const canvas = document.createElement("canvas");

box.hidden = false;
// Browsers give the camera only to pages that came over https, or from this very machine.
camera.hidden = !(window.isSecureContext && navigator.mediaDevices?.getUserMedia);

function say(sentence) {
  box.querySelector("[data-said]").textContent = sentence;
}

function read(source, width, height, most) {
  const scale = Math.min(1, most / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return jsQR(data, canvas.width, canvas.height)?.data;
}

// Source: Z-Wave QR code format: 90, version (2), checksum (5), requested keys (3), then the DSK (40 digits).
function take(text) {
  const digits = text.trim();
  if (!/^90\d{50,}$/.test(digits)) {
    say("That is a QR code, but not one of Z-Wave. Look for another one on the lock or in its manual.");
    return false;
  }
  field.value = digits;
  say(`Read. The number on the label is ${digits.slice(12, 52).match(/\d{5}/g).join("-")}.`);
  return true;
}

box.querySelector("[data-photo]").addEventListener("click", () => photo.click());
photo.addEventListener("change", async () => {
  const [file] = photo.files;
  if (!file) return;
  say("Looking for the code …");
  try {
    const picture = await createImageBitmap(file);
    let text;
    for (const most of LARGEST) text ||= read(picture, picture.width, picture.height, most);
    if (!text) say("There is no QR code to be seen in this picture. Go nearer, and mind the light.");
    else if (take(text)) go.focus();
  } catch {
    say("This file is no picture that the browser can read.");
  }
  photo.value = "";
});

let stream;

function close() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  lens.hidden = true;
  camera.lastElementChild.textContent = "Use the camera";
}

function look() {
  if (!stream) return;
  const seen = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  const text = seen ? read(video, video.videoWidth, video.videoHeight, 800) : undefined;
  if (text && take(text)) {
    close();
    go.focus();
  } else window.setTimeout(look, 120);
}

camera.addEventListener("click", async () => {
  if (stream) {
    close();
    return;
  }
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    say("The browser gives no camera. Take a photo instead, or type the number.");
    return;
  }
  video.srcObject = stream;
  lens.hidden = false;
  camera.lastElementChild.textContent = "Close the camera";
  say("Hold the code into the frame.");
  await video.play();
  look();
});

window.addEventListener("pagehide", close);
