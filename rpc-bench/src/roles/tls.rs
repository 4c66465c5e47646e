//! The same as a bare socket, over rustls's own blocking stream.

use std::any::Any;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rpc_tls::rustls::crypto::ring;
use rpc_tls::rustls::pki_types::pem::PemObject;
use rpc_tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rpc_tls::rustls::version::TLS13;
use rpc_tls::rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::Client;
use super::socket;
use crate::plan::{Outcome, Plan, Way, Work};

/// Makes a certificate, writes it where the client finds it, and returns it and its key.
pub(crate) fn certificate(plan: &Plan) -> Outcome<(String, String)> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.self_signed(&key)?.pem();
    fs::write(&plan.socket, &certificate)?;
    Ok((certificate, key.serialize_pem()))
}

pub(crate) fn serve(plan: &Plan, content: Vec<u8>) -> Outcome<(String, Box<dyn Any>)> {
    let (certificate, key) = certificate(plan)?;
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes())?];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_protocol_versions(&[&TLS13])?.with_no_client_auth().with_single_cert(chain, key)?;
    let (config, content, for_connections) = (Arc::new(config), Arc::new(content), plan.clone());
    let address = socket::listen(plan, move |socket| {
        if let Err(error) = serve_one(&for_connections, &config, &content, socket) {
            eprintln!("rpc-bench: the TLS server: {error}");
        }
    })?;
    Ok((address, Box::new(())))
}

fn serve_one(plan: &Plan, config: &Arc<ServerConfig>, content: &[u8], socket: File) -> io::Result<()> {
    let tls = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(tls, socket);
    let (mut request, reply) = (vec![0; plan.recorded.request.len()], &plan.recorded.reply);
    let mut buffer = vec![0; size(plan)];
    // ends when the client closes
    loop {
        match plan.work {
            Work::Calls { .. } if stream.read_exact(&mut request).is_ok() => stream.write_all(reply)?,
            Work::Up if receive(&mut stream, &mut buffer, plan.bytes).is_ok() => stream.write_all(&[1])?,
            Work::Down(_) if stream.read_exact(&mut [0]).is_ok() => send(&mut stream, content, buffer.len())?,
            _ => return Ok(()),
        }
        stream.flush()?;
    }
}

/// Returns the size of the loop's pieces.
fn size(plan: &Plan) -> usize {
    match plan.tuning.copies() {
        Ok((Way::Loop(size), _)) => size,
        _ => 0,
    }
}

fn send(stream: &mut impl Write, content: &[u8], piece: usize) -> io::Result<()> {
    content.chunks(piece.max(1)).try_for_each(|piece| stream.write_all(piece))
}

fn receive(stream: &mut impl Read, buffer: &mut [u8], bytes: usize) -> io::Result<()> {
    let mut left = bytes;
    while left > 0 {
        let most = left.min(buffer.len());
        match stream.read(&mut buffer[..most])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => left -= count,
        }
    }
    Ok(())
}

pub(crate) fn connect(plan: &Plan, address: &str, content: Vec<u8>) -> Outcome<Box<dyn Client>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&plan.socket)?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_protocol_versions(&[&TLS13])?.with_root_certificates(roots).with_no_client_auth();
    let tls = ClientConnection::new(Arc::new(config), "127.0.0.1".try_into()?)?;
    let stream = StreamOwned::new(tls, socket::connect(plan, address)?);
    Ok(Box::new(Loop { stream, plan: plan.clone(), content, buffer: vec![0; size(plan)] }))
}

struct Loop {
    stream: StreamOwned<ClientConnection, File>,
    plan: Plan,
    content: Vec<u8>,
    buffer: Vec<u8>,
}

impl Client for Loop {
    fn run(&mut self, times: u64) -> Outcome<()> {
        let mut reply = vec![0; self.plan.recorded.reply.len()];
        for _ in 0..times {
            match self.plan.work {
                Work::Calls { .. } => {
                    self.stream.write_all(&self.plan.recorded.request)?;
                    self.stream.flush()?;
                    self.stream.read_exact(&mut reply)?;
                }
                Work::Up => {
                    send(&mut self.stream, &self.content, self.buffer.len())?;
                    self.stream.flush()?;
                    self.stream.read_exact(&mut [0])?;
                }
                _ => {
                    self.stream.write_all(&[1])?;
                    self.stream.flush()?;
                    receive(&mut self.stream, &mut self.buffer, self.plan.bytes)?;
                }
            }
        }
        Ok(())
    }
}
