// Runs before textual.js's own window.onload, which opens the terminal and the connection.
"use strict";
(() => {
  const terminal = document.getElementById("terminal");
  // textual.js would fetch what the address asks for, or wait for a button that is not there.
  if (location.search) history.replaceState(null, "", location.pathname);
  const socket = new URL("ws", location.href);
  socket.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket.hash = "";
  terminal.dataset.sessionWebsocketUrl = socket.href;
  const open = window.onload;
  window.onload = async (event) => {
    if (!document.createElement("canvas").getContext("webgl2")) {
      document.body.classList.add("-lacking");
      return;
    }
    // A cell is measured once, when the terminal opens: by then the font has to be there, or all columns are too wide.
    const faces = ["", "bold ", "italic "].map((face) => document.fonts.load(`${face}16px "Roboto Mono"`));
    await Promise.allSettled(faces);
    open(event);
    const focus = () => terminal.querySelector("textarea").focus();
    focus();
    window.addEventListener("focus", focus);
  };
})();
