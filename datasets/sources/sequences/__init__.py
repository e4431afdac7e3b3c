"""The CMU-MultimodalSDK's computational sequences (.csd), and CMU-MOSI made from them."""
