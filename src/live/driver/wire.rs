//! What bytes go through to a server: a socket of either kind.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Where exactly to connect to.
pub(super) enum Address {
    Network(SocketAddr),
    #[cfg(unix)]
    Socket(std::path::PathBuf),
}

/// An open socket.
pub(super) struct Wire(Box<dyn Duplex>);

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

impl Wire {
    pub(super) async fn open(address: &Address) -> io::Result<Wire> {
        match address {
            Address::Network(address) => {
                let wire = TcpStream::connect(address).await?;
                wire.set_nodelay(true)?;
                Ok(Wire(Box::new(wire)))
            }
            #[cfg(unix)]
            Address::Socket(path) => {
                let wire = tokio::net::UnixStream::connect(path).await?;
                Ok(Wire(Box::new(wire)))
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, out)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
