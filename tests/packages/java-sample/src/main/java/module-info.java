module sample {
  requires org.libinfer;
}
