/** Language models from GGUF files, run by libinfer's native library, which comes with this module. */
module org.libinfer {
  requires static transitive org.jspecify;

  exports org.libinfer;
}
