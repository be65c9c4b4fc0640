/*
 * OutsideVerify: what Hufu made, judged by Bouncy Castle, which knows nothing of Hufu.
 *
 *     java -cp CLASSES:bcprov.jar:bcpkix.jar:bcutil.jar OutsideVerify HOME
 *
 * Reads HOME/demo (certificates, CRLs, request, OCSP answers, messages) and the certificates of the CA's and the KM's
 * message keys in HOME. Prints `ok NAME` or `not ok NAME reason` for each check and exits 1 if any failed. Whatever is
 * signed is also verified with single bits flipped, at many places of the signed part and of the signature; one that is
 * still accepted is a failure.
 *
 * GM/T 0010's object identifiers are unknown to Bouncy Castle: the outer content type and the signature algorithm are
 * mapped here, nothing that is signed is touched.
 */
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.ASN1InputStream;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1Set;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.IssuerAndSerialNumber;
import org.bouncycastle.asn1.gm.GMNamedCurves;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CRLEntryHolder;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.SingleResp;
import org.bouncycastle.cert.ocsp.UnknownStatus;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.SignerInformationVerifier;
import org.bouncycastle.crypto.digests.SM3Digest;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.math.ec.ECCurve;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.ContentVerifier;
import org.bouncycastle.operator.ContentVerifierProvider;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

public final class OutsideVerify {
	private static final ASN1ObjectIdentifier SM2_SM3 = new ASN1ObjectIdentifier("1.2.156.10197.1.501");
	private static final ASN1ObjectIdentifier SM2_SIGN = new ASN1ObjectIdentifier("1.2.156.10197.1.301.1");
	private static final ASN1ObjectIdentifier SM2_ENCRYPT = new ASN1ObjectIdentifier("1.2.156.10197.1.301.3");
	private static final ASN1ObjectIdentifier SM2 = new ASN1ObjectIdentifier("1.2.156.10197.1.301");
	private static final ASN1ObjectIdentifier SM3 = new ASN1ObjectIdentifier("1.2.156.10197.1.401");
	private static final ASN1ObjectIdentifier SM4 = new ASN1ObjectIdentifier("1.2.156.10197.1.104");
	private static final ASN1ObjectIdentifier SM4_ECB = SM4.branch("1");
	private static final ASN1ObjectIdentifier SM4_CBC = SM4.branch("2");
	private static final ASN1ObjectIdentifier GM = new ASN1ObjectIdentifier("1.2.156.10197.6.1.4.2");
	private static final int FLIPS = 64; // places in the signed part, as many again in the signature

	private final Path home;
	private final DigestCalculatorProvider digests =
		new JcaDigestCalculatorProviderBuilder().setProvider("BC").build();
	private int numFailed;

	private X509CertificateHolder root, ca, ocsp, sign, enc, caService, km;
	private X509CRLHolder caCrl;

	private OutsideVerify(Path home) throws Exception {
		this.home = home;
	}

	// ---- telling ---------------------------------------------------------------------------------------------

	private interface Check {
		void run() throws Exception;
	}

	private interface Judge {
		boolean accepts(byte[] der) throws Exception;
	}

	private static final class Wrong extends Exception {
		private static final long serialVersionUID = 1;

		Wrong(String what) {
			super(what);
		}
	}

	private static void expect(boolean good, String otherwise) throws Wrong {
		if (!good)
			throw new Wrong(otherwise);
	}

	private static void same(Object expected, Object got, String what) throws Wrong {
		expect(expected.equals(got), what + ": expected " + expected + ", got " + got);
	}

	private void check(String name, Check what) {
		try {
			what.run();
			System.out.println("ok bouncycastle-" + name);
		} catch (Exception e) {
			numFailed++;
			System.out.println("not ok bouncycastle-" + name + " " + e.toString().replace('\n', ' '));
		}
	}

	/** Flips one bit at places spread over der[from, to); none of the results may be accepted. */
	private static int flip(byte[] der, int from, int to, Judge judge) throws Wrong {
		int num = Math.min(FLIPS, to - from);
		for (int i = 0; i < num; i++) {
			int at = from + (int) ((long) (to - from) * i / num);
			byte[] bad = der.clone();
			bad[at] ^= (byte) (1 << (i % 8));
			boolean accepted;
			try {
				accepted = judge.accepts(bad);
			} catch (Exception refused) {
				accepted = false;
			}
			expect(!accepted, "accepted with bit " + i % 8 + " of octet " + at + " flipped");
		}
		return num;
	}

	/** A signed object: accepted as it is, refused with a bit flipped in signed or in signature (found in der). */
	private void signed(String name, byte[] der, byte[] part, byte[] signature, Judge judge) {
		check(name + "-signature", () -> expect(judge.accepts(der), "the signature is not accepted"));
		check(name + "-flipped-bit", () -> {
			int from = find(der, part), sig = find(der, signature);
			expect(judge.accepts(der), "not accepted unflipped, so this shows nothing");
			flip(der, from, from + part.length, judge);
			flip(der, sig, sig + signature.length, judge);
		});
	}

	private static int find(byte[] in, byte[] what) throws Wrong {
		for (int i = 0; i + what.length <= in.length; i++)
			if (Arrays.equals(in, i, i + what.length, what, 0, what.length))
				return i;
		throw new Wrong("a part is not found in its whole as it stands: not DER?");
	}

	// ---- reading ---------------------------------------------------------------------------------------------

	private byte[] file(String name) throws IOException {
		return Files.readAllBytes(home.resolve(name));
	}

	private List<byte[]> pem(String name, String label) throws Exception {
		List<byte[]> all = new ArrayList<>();
		try (PEMParser in = new PEMParser(Files.newBufferedReader(home.resolve(name)))) {
			for (var o = in.readPemObject(); o != null; o = in.readPemObject()) {
				same(label, o.getType(), name + ": label");
				all.add(o.getContent());
			}
		}
		expect(!all.isEmpty(), name + " has no PEM block");
		return all;
	}

	private X509CertificateHolder certificate(String name) throws Exception {
		List<byte[]> all = pem(name, "CERTIFICATE");
		same(1, all.size(), name + ": certificates");
		X509CertificateHolder cert = new X509CertificateHolder(all.get(0));
		expect(Arrays.equals(cert.toASN1Structure().getEncoded(ASN1Encoding.DER), all.get(0)),
			name + " is not DER");
		return cert;
	}

	/** One value, in DER, and nothing behind it. */
	private static ASN1Primitive der(byte[] in) throws Exception {
		try (ASN1InputStream stream = new ASN1InputStream(in)) {
			ASN1Primitive value = stream.readObject();
			expect(value != null && stream.readObject() == null, "not one ASN.1 value");
			expect(Arrays.equals(value.getEncoded(ASN1Encoding.DER), in), "not DER");
			return value;
		}
	}

	private static ContentVerifierProvider verifier(X509CertificateHolder cert) throws Exception {
		return new JcaContentVerifierProviderBuilder().setProvider("BC").build(cert);
	}

	private static PublicKey key(X509CertificateHolder cert) throws Exception {
		return new JcaX509CertificateConverter().setProvider("BC").getCertificate(cert).getPublicKey();
	}

	private static boolean verifySm2(X509CertificateHolder cert, byte[] message, byte[] signature) throws Exception {
		Signature v = Signature.getInstance("SM3withSM2", "BC"); // with the default id 1234567812345678
		v.initVerify(key(cert));
		v.update(message);
		return v.verify(signature);
	}

	private static byte[] sm3(byte[] in) {
		SM3Digest d = new SM3Digest();
		byte[] out = new byte[d.getDigestSize()];
		d.update(in, 0, in.length);
		d.doFinal(out, 0);
		return out;
	}

	// ---- certificates ----------------------------------------------------------------------------------------

	private static void usage(X509CertificateHolder cert, int bits) throws Exception {
		Extension e = cert.getExtension(Extension.keyUsage);
		expect(e != null && e.isCritical(), "keyUsage is not there or not critical");
		byte[] got = KeyUsage.getInstance(e.getParsedValue()).toASN1Primitive().getEncoded(ASN1Encoding.DER);
		byte[] want = new KeyUsage(bits).toASN1Primitive().getEncoded(ASN1Encoding.DER);
		expect(Arrays.equals(want, got), "keyUsage is not exactly what it should be");
	}

	private static void isAuthority(X509CertificateHolder cert) throws Exception {
		Extension e = cert.getExtension(Extension.basicConstraints);
		expect(e != null && e.isCritical(), "basicConstraints are not there or not critical");
		expect(BasicConstraints.getInstance(e.getParsedValue()).isCA(), "is no CA");
		usage(cert, KeyUsage.keyCertSign | KeyUsage.cRLSign);
	}

	private static void isNoAuthority(X509CertificateHolder cert) {
		BasicConstraints bc = BasicConstraints.fromExtensions(cert.getExtensions());
		if (bc != null && bc.isCA())
			throw new IllegalStateException("is a CA");
	}

	/** Names, key identifiers, algorithms and times of a certificate under its issuer. */
	private static void shape(X509CertificateHolder cert, X509CertificateHolder issuer) throws Exception {
		Date now = new Date();
		same(3, cert.getVersionNumber(), "version");
		same(SM2_SM3, cert.getSignatureAlgorithm().getAlgorithm(), "signatureAlgorithm");
		expect(cert.getSignatureAlgorithm().getParameters() == null, "signatureAlgorithm has parameters");
		same(cert.getSignatureAlgorithm(), cert.toASN1Structure().getTBSCertificate().getSignature(),
			"inner algorithm");
		AlgorithmIdentifier alg = cert.getSubjectPublicKeyInfo().getAlgorithm();
		same("1.2.840.10045.2.1", alg.getAlgorithm().getId(), "key algorithm");
		same(SM2, alg.getParameters(), "curve");
		expect(Arrays.equals(issuer.getSubject().getEncoded(), cert.getIssuer().getEncoded()),
			"issuer is not the issuer's subject");
		expect(cert.getSerialNumber().signum() > 0 && cert.getSerialNumber().toByteArray().length <= 20,
			"serial number");
		expect(cert.isValidOn(now), "is not valid now");
		expect(!cert.getNotBefore().before(issuer.getNotBefore()) &&
			!cert.getNotAfter().after(issuer.getNotAfter()), "is not within its issuer's validity");
		byte[] ski = SubjectKeyIdentifier.fromExtensions(issuer.getExtensions()).getKeyIdentifier();
		AuthorityKeyIdentifier aki = AuthorityKeyIdentifier.fromExtensions(cert.getExtensions());
		expect(aki == null ? cert == issuer : Arrays.equals(ski, aki.getKeyIdentifier()), "AKI is not the issuer's SKI");
		expect(SubjectKeyIdentifier.fromExtensions(cert.getExtensions()) != null, "has no SKI");
	}

	/** Where a relying party finds the CRL, the OCSP responder and the issuer's certificate. */
	private static void pointers(X509CertificateHolder cert) throws Exception {
		Extension dp = cert.getExtension(Extension.cRLDistributionPoints);
		expect(dp != null && CRLDistPoint.getInstance(dp.getParsedValue()).getDistributionPoints().length > 0,
			"no CRL distribution point");
		List<ASN1ObjectIdentifier> methods = new ArrayList<>();
		AuthorityInformationAccess aia = AuthorityInformationAccess.fromExtensions(cert.getExtensions());
		expect(aia != null, "no AIA");
		for (AccessDescription d : aia.getAccessDescriptions())
			methods.add(d.getAccessMethod());
		expect(methods.contains(AccessDescription.id_ad_ocsp), "AIA has no OCSP");
		expect(methods.contains(AccessDescription.id_ad_caIssuers), "AIA has no caIssuers");
	}

	private void signedCertificate(String name, X509CertificateHolder cert, X509CertificateHolder issuer)
		throws Exception {
		signed(name, cert.getEncoded(), cert.toASN1Structure().getTBSCertificate().getEncoded(ASN1Encoding.DER),
			cert.getSignature(), der -> new X509CertificateHolder(der).isSignatureValid(verifier(issuer)));
	}

	private void certificates() throws Exception {
		signedCertificate("root.crt", root, root);
		signedCertificate("ca.crt", ca, root);
		signedCertificate("ocsp.crt", ocsp, ca);
		signedCertificate("sign.crt", sign, ca);
		signedCertificate("enc.crt", enc, ca);
		check("root.crt-profile", () -> { shape(root, root); isAuthority(root); });
		check("ca.crt-profile", () -> { shape(ca, root); isAuthority(ca); });
		check("ocsp.crt-profile", () -> {
			shape(ocsp, ca);
			isNoAuthority(ocsp);
			usage(ocsp, KeyUsage.digitalSignature | KeyUsage.nonRepudiation);
			expect(ExtendedKeyUsage.fromExtensions(ocsp.getExtensions())
				.hasKeyPurposeId(KeyPurposeId.id_kp_OCSPSigning), "no OCSPSigning");
			expect(ocsp.getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nocheck) != null, "no ocsp-nocheck");
		});
		check("sign.crt-profile", () -> {
			shape(sign, ca);
			isNoAuthority(sign);
			usage(sign, KeyUsage.digitalSignature | KeyUsage.nonRepudiation);
			pointers(sign);
		});
		check("enc.crt-profile", () -> {
			shape(enc, ca);
			isNoAuthority(enc);
			usage(enc, KeyUsage.keyEncipherment | KeyUsage.dataEncipherment | KeyUsage.keyAgreement);
			pointers(enc);
		});
		check("dual-certificates", () -> {
			expect(Arrays.equals(sign.getSubject().getEncoded(), enc.getSubject().getEncoded()),
				"the two certificates have two subjects");
			same(sign.getNotAfter(), enc.getNotAfter(), "notAfter");
			expect(!sign.getSerialNumber().equals(enc.getSerialNumber()), "one serial for both");
			expect(!Arrays.equals(sign.getSubjectPublicKeyInfo().getEncoded(),
				enc.getSubjectPublicKeyInfo().getEncoded()), "one key for both");
		});
	}

	/** Bouncy Castle's own path validation, with both CRLs. */
	private void paths() {
		for (String name : new String[] {"sign.crt", "enc.crt", "ocsp.crt"})
			check("path-of-" + name, () -> {
				X509CertificateHolder leaf =
					name.startsWith("sign") ? sign : name.startsWith("enc") ? enc : ocsp;
				validatePath(List.of(leaf, ca), List.of(file("demo/ca.crl"), file("demo/root.crl")));
			});
		check("path-without-crl", () -> {
			try {
				validatePath(List.of(sign, ca), List.of(file("demo/root.crl")));
			} catch (java.security.cert.CertPathValidatorException refused) {
				return;
			}
			throw new Wrong("a path is accepted without the CA's CRL, so the others show nothing");
		});
		check("chain.pem", () -> {
			List<byte[]> all = pem("demo/chain.pem", "CERTIFICATE");
			List<X509CertificateHolder> want = new ArrayList<>(List.of(sign, enc, ca, root));
			for (byte[] one : all)
				expect(want.remove(new X509CertificateHolder(one)), "a certificate that is none of ours");
			expect(!want.contains(ca), "the operating CA's certificate is missing");
		});
	}

	private void validatePath(List<X509CertificateHolder> path, List<byte[]> crls) throws Exception {
		CertificateFactory factory = CertificateFactory.getInstance("X.509", "BC");
		JcaX509CertificateConverter convert = new JcaX509CertificateConverter().setProvider("BC");
		List<X509Certificate> certs = new ArrayList<>();
		List<Object> store = new ArrayList<>();
		for (X509CertificateHolder cert : path)
			certs.add(convert.getCertificate(cert));
		for (byte[] crl : crls)
			store.add((X509CRL) factory.generateCRL(new ByteArrayInputStream(crl)));
		CertPath certPath = factory.generateCertPath(certs);
		PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(convert.getCertificate(root), null)));
		parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(store), "BC"));
		parameters.setRevocationEnabled(true);
		CertPathValidator.getInstance("PKIX", "BC").validate(certPath, parameters);
	}

	// ---- request ---------------------------------------------------------------------------------------------

	private void request() throws Exception {
		byte[] der = pem("demo/sign.csr", "CERTIFICATE REQUEST").get(0);
		PKCS10CertificationRequest csr = new PKCS10CertificationRequest(der);
		signed("sign.csr", der,
			csr.toASN1Structure().getCertificationRequestInfo().getEncoded(ASN1Encoding.DER), csr.getSignature(),
			in -> {
				PKCS10CertificationRequest one = new PKCS10CertificationRequest(in);
				return one.isSignatureValid(new JcaContentVerifierProviderBuilder().setProvider("BC")
					.build(one.getSubjectPublicKeyInfo()));
			});
		check("sign.csr-key", () -> expect(Arrays.equals(csr.getSubjectPublicKeyInfo().getEncoded(),
			sign.getSubjectPublicKeyInfo().getEncoded()), "sign.crt has another key"));
	}

	// ---- CRLs ------------------------------------------------------------------------------------------------

	private X509CRLHolder crl(String name, X509CertificateHolder issuer) throws Exception {
		byte[] der = file("demo/" + name);
		X509CRLHolder crl = new X509CRLHolder(der);
		signed(name, der, crl.toASN1Structure().getTBSCertList().getEncoded(ASN1Encoding.DER),
			crl.toASN1Structure().getSignature().getOctets(),
			in -> new X509CRLHolder(in).isSignatureValid(verifier(issuer)));
		check(name + "-profile", () -> {
			Date now = new Date();
			der(der);
			same(2, crl.toASN1Structure().getVersionNumber(), "version");
			same(SM2_SM3, crl.toASN1Structure().getSignatureAlgorithm().getAlgorithm(), "algorithm");
			expect(Arrays.equals(crl.getIssuer().getEncoded(), issuer.getSubject().getEncoded()), "issuer");
			expect(!crl.getThisUpdate().after(now) && crl.getNextUpdate().after(now), "is not current");
			expect(crl.getExtension(Extension.cRLNumber) != null, "has no cRLNumber");
			AuthorityKeyIdentifier aki = AuthorityKeyIdentifier.getInstance(
				crl.getExtension(Extension.authorityKeyIdentifier).getParsedValue());
			expect(Arrays.equals(aki.getKeyIdentifier(),
				SubjectKeyIdentifier.fromExtensions(issuer.getExtensions()).getKeyIdentifier()), "AKI");
		});
		return crl;
	}

	private static int reason(X509CRLEntryHolder entry) {
		Extension e = entry.getExtension(Extension.reasonCode);
		return e == null ? 0 : org.bouncycastle.asn1.x509.CRLReason.getInstance(e.getParsedValue()).getValue().intValue();
	}

	private void crls() throws Exception {
		X509CRLHolder rootCrl = crl("root.crl", root);
		caCrl = crl("ca.crl", ca);
		check("root.crl-entries", () -> expect(rootCrl.getRevokedCertificate(ca.getSerialNumber()) == null,
			"the operating CA is revoked"));
		check("ca.crl-entries", () -> {
			boolean held = false, revoked = false;
			for (Object o : caCrl.getRevokedCertificates()) {
				X509CRLEntryHolder entry = (X509CRLEntryHolder) o;
				expect(!entry.getRevocationDate().after(new Date()), "revoked in the future");
				held = held || reason(entry) == 6;
				revoked = revoked || reason(entry) != 6;
			}
			expect(revoked, "no certificate is revoked");
			expect(held, "no certificate is on hold");
			expect(caCrl.getRevokedCertificate(sign.getSerialNumber()) == null, "sign.crt is revoked");
			expect(caCrl.getRevokedCertificate(enc.getSerialNumber()) == null, "enc.crt is revoked");
		});
	}

	// ---- OCSP ------------------------------------------------------------------------------------------------

	private static BasicOCSPResp basic(byte[] der) throws Exception {
		OCSPResp response = new OCSPResp(der);
		same(OCSPResp.SUCCESSFUL, response.getStatus(), "responseStatus");
		return (BasicOCSPResp) response.getResponseObject();
	}

	private SingleResp single(String name) throws Exception {
		SingleResp[] all = basic(file("demo/" + name)).getResponses();
		same(1, all.length, "responses");
		return all[0];
	}

	private void answer(String name, Check status) throws Exception {
		byte[] der = file("demo/" + name);
		BasicOCSPResp parsed = basic(der);
		signed(name, der, parsed.getTBSResponseData(), parsed.getSignature(), in -> {
			BasicOCSPResp one = basic(in);
			X509CertificateHolder responder = one.getCerts()[0];
			return one.getSignatureAlgOID().equals(SM2_SM3) && responder.isSignatureValid(verifier(ca)) &&
				one.isSignatureValid(verifier(responder));
		});
		check(name + "-responder", () -> {
			der(der);
			same(1, parsed.getCerts().length, "certificates");
			same(ocsp, parsed.getCerts()[0], "the responder's certificate");
			expect(ExtendedKeyUsage.fromExtensions(parsed.getCerts()[0].getExtensions())
				.hasKeyPurposeId(KeyPurposeId.id_kp_OCSPSigning), "the responder may not sign OCSP");
			var id = parsed.getResponderId().toASN1Primitive();
			if (id.getName() != null)
				same(ocsp.getSubject(), id.getName(), "responderID");
			else
				expect(Arrays.equals(id.getKeyHash(), java.security.MessageDigest.getInstance("SHA-1")
					.digest(ocsp.getSubjectPublicKeyInfo().getPublicKeyData().getOctets())), "responderID");
		});
		check(name + "-status", () -> {
			Date now = new Date();
			SingleResp one = single(name);
			same(SM3, one.getCertID().getHashAlgOID(), "CertID's hash");
			expect(one.getCertID().matchesIssuer(ca, digests), "CertID is not of this CA");
			expect(!one.getThisUpdate().after(now) && one.getNextUpdate().after(now), "is not current");
			expect(!parsed.getProducedAt().after(now), "produced in the future");
			status.run();
		});
	}

	private void answers() throws Exception {
		answer("ocsp-good.der", () -> {
			same(sign.getSerialNumber(), single("ocsp-good.der").getCertID().getSerialNumber(), "serial");
			expect(single("ocsp-good.der").getCertStatus() == CertificateStatus.GOOD, "is not good");
		});
		answer("ocsp-revoked.der", () -> {
			SingleResp one = single("ocsp-revoked.der");
			expect(one.getCertStatus() instanceof RevokedStatus, "is not revoked");
			RevokedStatus status = (RevokedStatus) one.getCertStatus();
			X509CRLEntryHolder entry = caCrl.getRevokedCertificate(one.getCertID().getSerialNumber());
			expect(entry != null, "the CRL does not list it");
			same(reason(entry), status.hasRevocationReason() ? status.getRevocationReason() : 0, "reason");
			same(entry.getRevocationDate(), status.getRevocationTime(), "revocation time");
		});
		answer("ocsp-unknown.der", () -> {
			SingleResp one = single("ocsp-unknown.der");
			expect(one.getCertStatus() instanceof UnknownStatus, "is not unknown");
			expect(caCrl.getRevokedCertificate(one.getCertID().getSerialNumber()) == null, "the CRL lists it");
		});
	}

	// ---- messages (GM/T 0010) --------------------------------------------------------------------------------

	/** The outer content type, mapped to PKCS#7's; it is outside of what is signed. */
	private static ContentInfo mapped(byte[] der, int arc, ASN1ObjectIdentifier to) throws Exception {
		ASN1Sequence whole = ASN1Sequence.getInstance(der(der));
		same(GM.branch(String.valueOf(arc)), whole.getObjectAt(0), "contentType");
		ASN1EncodableVector v = new ASN1EncodableVector();
		v.add(to);
		v.add(whole.getObjectAt(1));
		return ContentInfo.getInstance(new DERSequence(v));
	}

	/** SM2-sign as signature algorithm means SM2-with-SM3. */
	private static SignerInformationVerifier signerVerifier(X509CertificateHolder cert, DigestCalculatorProvider digests)
		throws Exception {
		ContentVerifierProvider inner = verifier(cert);
		ContentVerifierProvider mapping = new ContentVerifierProvider() {
			public boolean hasAssociatedCertificate() {
				return true;
			}

			public X509CertificateHolder getAssociatedCertificate() {
				return cert;
			}

			public ContentVerifier get(AlgorithmIdentifier alg) throws OperatorCreationException {
				if (!alg.getAlgorithm().equals(SM2_SIGN) && !alg.getAlgorithm().equals(SM2_SM3))
					throw new OperatorCreationException("another algorithm: " + alg.getAlgorithm());
				return inner.get(new AlgorithmIdentifier(SM2_SM3));
			}
		};
		return new SignerInformationVerifier((digest, encryption) -> "SM3WITHSM2",
			name -> new AlgorithmIdentifier(SM2_SM3), mapping, digests);
	}

	private boolean signedDataIsGood(byte[] der) throws Exception {
		CMSSignedData message = new CMSSignedData(mapped(der, 2, PKCSObjectIdentifiers.signedData));
		SignerInformation signer = message.getSignerInfos().getSigners().iterator().next();
		expect(signer.getSID().match(sign), "signed by another certificate");
		same(SM3.getId(), signer.getDigestAlgOID(), "digestAlgorithm");
		return signer.verify(signerVerifier(sign, digests));
	}

	private void signedMessage() throws Exception {
		byte[] der = file("demo/signed.p7"), text = file("demo/signed.txt");
		CMSSignedData message = new CMSSignedData(mapped(der, 2, PKCSObjectIdentifiers.signedData));
		same(1, message.getSignerInfos().size(), "signers");
		SignerInformation signer = message.getSignerInfos().getSigners().iterator().next();
		// Signed is a SET OF with the tag 31; here it stands under [0], so the tag is no part of what is signed (and
		// Bouncy Castle does not look at its number).
		byte[] attributes = signer.getEncodedSignedAttributes();
		attributes = Arrays.copyOfRange(attributes, 1, attributes.length);
		signed("signed.p7", der, attributes, signer.getSignature(), this::signedDataIsGood);
		check("signed.p7-content", () -> {
			same("1.2.156.10197.6.1.4.2.1", message.getSignedContentTypeOID(), "content's type");
			byte[] content = (byte[]) message.getSignedContent().getContent();
			expect(Arrays.equals(text, content), "the content is not signed.txt");
			AttributeTable table = signer.getSignedAttributes();
			Attribute digest = table.get(CMSAttributes.messageDigest);
			expect(Arrays.equals(sm3(text),
				ASN1OctetString.getInstance(digest.getAttrValues().getObjectAt(0)).getOctets()), "messageDigest");
			same(GM.branch("1"), table.get(CMSAttributes.contentType).getAttrValues().getObjectAt(0),
				"contentType attribute");
			expect(table.get(CMSAttributes.signingTime) != null, "no signingTime");
			expect(message.getCertificates().getMatches(null).contains(sign), "no signer's certificate");
		});
		check("signed.p7-flipped-content", () -> {
			int at = find(der, text);
			flip(der, at, at + text.length, this::signedDataIsGood);
		});
	}

	/** SM2Cipher (GM/T 0009): a point of the curve, a digest, as many octets as were encrypted. */
	private static void sm2Cipher(byte[] der, int length) throws Exception {
		ASN1Sequence c = ASN1Sequence.getInstance(der(der));
		ECCurve curve = GMNamedCurves.getByName("sm2p256v1").getCurve();
		same(4, c.size(), "SM2Cipher's members");
		expect(curve.createPoint(ASN1Integer.getInstance(c.getObjectAt(0)).getPositiveValue(),
			ASN1Integer.getInstance(c.getObjectAt(1)).getPositiveValue()).isValid(), "C1 is no point of the curve");
		same(32, ASN1OctetString.getInstance(c.getObjectAt(2)).getOctets().length, "octets of C3");
		same(length, ASN1OctetString.getInstance(c.getObjectAt(3)).getOctets().length, "octets of C2");
	}

	private static void recipient(ASN1Set infos, IssuerAndSerialNumber who) throws Exception {
		same(1, infos.size(), "recipients");
		ASN1Sequence info = ASN1Sequence.getInstance(infos.getObjectAt(0));
		same(new ASN1Integer(1), info.getObjectAt(0), "recipient's version");
		if (who != null)
			same(who, IssuerAndSerialNumber.getInstance(info.getObjectAt(1)), "recipient");
		same(SM2_ENCRYPT, AlgorithmIdentifier.getInstance(info.getObjectAt(2)).getAlgorithm(), "key encryption");
		sm2Cipher(ASN1OctetString.getInstance(info.getObjectAt(3)).getOctets(), 16);
	}

	/** Returns the encrypted octets. */
	private static byte[] encrypted(ASN1Sequence content, ASN1ObjectIdentifier algorithm, boolean iv) throws Exception {
		same(GM.branch("1"), content.getObjectAt(0), "content's type");
		AlgorithmIdentifier alg = AlgorithmIdentifier.getInstance(content.getObjectAt(1));
		same(algorithm, alg.getAlgorithm(), "content encryption");
		if (iv)
			same(16, ASN1OctetString.getInstance(alg.getParameters()).getOctets().length, "octets of the IV");
		byte[] octets = ASN1OctetString.getInstance(ASN1TaggedObject.getInstance(content.getObjectAt(2)), false)
			.getOctets();
		expect(octets.length > 0 && octets.length % 16 == 0, "encrypted content is not whole blocks");
		return octets;
	}

	private void envelopedMessage() throws Exception {
		byte[] der = file("demo/enveloped.p7");
		check("enveloped.p7-structure", () -> {
			ASN1Sequence data = ASN1Sequence.getInstance(
				mapped(der, 3, PKCSObjectIdentifiers.envelopedData).getContent());
			same(new ASN1Integer(1), data.getObjectAt(0), "version");
			recipient(ASN1Set.getInstance(data.getObjectAt(1)),
				new IssuerAndSerialNumber(enc.getIssuer(), enc.getSerialNumber()));
			byte[] octets = encrypted(ASN1Sequence.getInstance(data.getObjectAt(2)), SM4_CBC, true);
			int plain = file("demo/opened.txt").length;
			same((plain / 16 + 1) * 16, octets.length, "octets, padded");
		});
		check("opened.txt", () -> expect(file("demo/opened.txt").length > 0, "is empty"));
	}

	// ---- CA and KM (GM/T 0014) -------------------------------------------------------------------------------

	/** SEQUENCE { ks, algorithm, OCTET STRING }, signed by the holder of this certificate. */
	private ASN1Sequence kmMessage(String name, X509CertificateHolder by) throws Exception {
		byte[] der = file("demo/" + name);
		ASN1Sequence whole = ASN1Sequence.getInstance(der(der));
		byte[] ks = whole.getObjectAt(0).toASN1Primitive().getEncoded(ASN1Encoding.DER);
		signed(name, der, ks, ASN1OctetString.getInstance(whole.getObjectAt(2)).getOctets(), in -> {
			ASN1Sequence one = ASN1Sequence.getInstance(der(in));
			same(SM2_SM3, AlgorithmIdentifier.getInstance(one.getObjectAt(1)).getAlgorithm(), "algorithm");
			return verifySm2(by, one.getObjectAt(0).toASN1Primitive().getEncoded(ASN1Encoding.DER),
				ASN1OctetString.getInstance(one.getObjectAt(2)).getOctets());
		});
		check(name + "-sender", () -> {
			ASN1Sequence ent = ASN1Sequence.getInstance(ASN1Sequence.getInstance(whole.getObjectAt(0)).getObjectAt(1));
			same(SM3, AlgorithmIdentifier.getInstance(ent.getObjectAt(0)).getAlgorithm(), "hashAlgorithm");
			GeneralName who = GeneralName.getInstance(ent.getObjectAt(1));
			same(GeneralName.directoryName, who.getTagNo(), "kind of name");
			same(by.getSubject(), X500Name.getInstance(who.getName()), "sender");
			expect(Arrays.equals(ASN1OctetString.getInstance(ent.getObjectAt(2)).getOctets(),
				sm3(by.getSubjectPublicKeyInfo().getPublicKeyData().getOctets())), "entPubKeyHash");
			same(by.getSerialNumber(), ASN1Integer.getInstance(ent.getObjectAt(3)).getValue(), "serialNumber");
		});
		return ASN1Sequence.getInstance(whole.getObjectAt(0));
	}

	/** The element of requestList or respondList at this place, which must be an [0] IMPLICIT. */
	private static ASN1Sequence element(ASN1Sequence message, int at) throws Exception {
		ASN1TaggedObject element = ASN1TaggedObject.getInstance(
			ASN1Sequence.getInstance(message.getObjectAt(2)).getObjectAt(at));
		same(0, element.getTagNo(), "tag");
		return ASN1Sequence.getInstance(element, false);
	}

	private static ASN1Sequence userOf(ASN1Sequence apply) {
		return ASN1Sequence.getInstance(apply.getObjectAt(5));
	}

	/** Applications that wait together travel in one message: where is enc.crt's? */
	private int placeOfEnc(ASN1Sequence ask) throws Exception {
		int num = ASN1Sequence.getInstance(ask.getObjectAt(2)).size();
		for (int i = 0; i < num; i++)
			if (ASN1Integer.getInstance(userOf(element(ask, i)).getObjectAt(0)).getValue()
				.equals(enc.getSerialNumber()))
				return i;
		throw new Wrong("nobody applies for the key of enc.crt");
	}

	private static void sameKey(X509CertificateHolder cert, Object spki, String what) throws Exception {
		expect(Arrays.equals(cert.getSubjectPublicKeyInfo().getPublicKeyData().getOctets(),
			SubjectPublicKeyInfo.getInstance(spki).getPublicKeyData().getOctets()), what + " is another key");
	}

	private void kmExchange() throws Exception {
		ASN1Sequence ask = kmMessage("km-request.der", caService), give = kmMessage("km-respond.der", km);
		check("km-certificates", () -> {
			expect(km.isSignatureValid(verifier(root)), "the KM's certificate is not under the root");
			expect(caService.isSignatureValid(verifier(ca)), "the CA's is not under the operating CA");
		});
		check("km-request.der-content", () -> {
			same(new ASN1Integer(1), ask.getObjectAt(0), "version");
			ASN1Sequence apply = element(ask, placeOfEnc(ask));
			ASN1GeneralizedTime.getInstance(ask.getObjectAt(3)).getDate();
			same(SM2, AlgorithmIdentifier.getInstance(apply.getObjectAt(0)).getAlgorithm(), "appKeyType");
			same(new ASN1Integer(256), apply.getObjectAt(1), "appKeyLen");
			same(SM2_ENCRYPT, AlgorithmIdentifier.getInstance(apply.getObjectAt(2)).getAlgorithm(), "retAsymAlg");
			same(SM3, AlgorithmIdentifier.getInstance(apply.getObjectAt(4)).getAlgorithm(), "retHashAlg");
			sameKey(sign, userOf(apply).getObjectAt(1), "userPubKey");
		});
		check("km-respond.der-content", () -> {
			same(new ASN1Integer(1), give.getObjectAt(0), "version");
			same(ask.getObjectAt(4), give.getObjectAt(4), "taskNO");
			same(ASN1Sequence.getInstance(ask.getObjectAt(2)).size(),
				ASN1Sequence.getInstance(give.getObjectAt(2)).size(), "responds");
			ASN1Sequence ret = element(give, placeOfEnc(ask));
			same(enc.getSerialNumber(), ASN1Integer.getInstance(ret.getObjectAt(0)).getValue(), "userCertNo");
			sameKey(enc, ret.getObjectAt(1), "retPubKey");
			ASN1Sequence sealed = ASN1Sequence.getInstance(ret.getObjectAt(2));
			same(new ASN1Integer(1), sealed.getObjectAt(0), "version");
			recipient(ASN1Set.getInstance(sealed.getObjectAt(1)), null);
			same(SM3, AlgorithmIdentifier.getInstance(ASN1Set.getInstance(sealed.getObjectAt(2)).getObjectAt(0))
				.getAlgorithm(), "digestAlgorithms");
			byte[] octets = encrypted(ASN1Sequence.getInstance(sealed.getObjectAt(3)), SM4_ECB, false);
			same(32, octets.length, "octets of the private key, without padding");
			ASN1Set signers = ASN1Set.getInstance(sealed.getObjectAt(sealed.size() - 1));
			IssuerAndSerialNumber signer = IssuerAndSerialNumber.getInstance(
				ASN1Sequence.getInstance(signers.getObjectAt(0)).getObjectAt(1));
			same(new IssuerAndSerialNumber(km.getIssuer(), km.getSerialNumber()), signer, "signer");
		});
	}

	// ---- the whole -------------------------------------------------------------------------------------------

	private int all() throws Exception {
		root = certificate("demo/root.crt");
		ca = certificate("demo/ca.crt");
		ocsp = certificate("demo/ocsp.crt");
		sign = certificate("demo/sign.crt");
		enc = certificate("demo/enc.crt");
		caService = certificate("ca/service.crt");
		km = certificate("km/km.crt");
		certificates();
		crls();
		paths();
		request();
		answers();
		signedMessage();
		envelopedMessage();
		kmExchange();
		return numFailed == 0 ? 0 : 1;
	}

	public static void main(String[] args) throws Exception {
		if (args.length != 1) {
			System.err.println("usage: OutsideVerify HOME");
			System.exit(2);
		}
		Security.addProvider(new BouncyCastleProvider());
		try {
			System.exit(new OutsideVerify(Path.of(args[0])).all());
		} catch (Exception e) {
			System.out.println("not ok bouncycastle-reading " + e.toString().replace('\n', ' '));
			System.exit(1);
		}
	}
}
