import eu.europa.esig.dss.enumerations.SubIndication;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.simplereport.jaxb.XmlTimestamp;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonCertificateSource;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.spi.x509.revocation.ocsp.ExternalResourcesOCSPSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;

/**
 * EU DSS's verdict on every signature of every job, offline, with its default policy.
 *
 * The one argument is a file with a job a line, fields parted by tabs: the document, the validation
 * time (ISO 8601), and a folder with `anchors`, `certificates`, `crls` and `ocsp` (DER; each may be
 * missing). One JSON line per signature, with its Id as written; or file and error.
 */
public final class ValidateXades {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] arguments) throws Exception {
        for (String line : Files.readAllLines(Path.of(arguments[0]), StandardCharsets.UTF_8)) {
            String[] job = line.split("\t");
            try {
                validate(new File(job[0]), Date.from(Instant.parse(job[1])), new File(job[2]));
            } catch (Exception error) {
                OUT.println("{\"file\":" + quote(job[0]) + ",\"error\":" + quote(error.toString()) + "}");
            }
        }
    }

    private static void validate(File document, Date at, File material) {
        SignedDocumentValidator validator =
            SignedDocumentValidator.fromDocument(new FileDocument(document));
        validator.setCertificateVerifier(verifier(material));
        validator.setValidationTime(at);
        Reports reports = validator.validateDocument();
        SimpleReport report = reports.getSimpleReport();
        for (String id : report.getSignatureIdList()) {
            List<String> timestamps = new ArrayList<>();
            for (XmlTimestamp each : report.getSignatureTimestamps(id)) {
                timestamps.add(
                    "{\"indication\":" + quote(each.getIndication())
                    + ",\"sub_indication\":" + quote(each.getSubIndication())
                    + ",\"time\":" + quote(each.getProductionTime().toInstant()) + "}");
            }
            OUT.println(
                "{\"file\":" + quote(document)
                + ",\"id\":" + quote(reports.getDiagnosticData().getSignatureById(id).getDAIdentifier())
                + ",\"indication\":" + quote(report.getIndication(id))
                + ",\"sub_indication\":" + quote(report.getSubIndication(id))
                + ",\"format\":" + quote(report.getSignatureFormat(id))
                + ",\"best_signature_time\":" + quote(report.getBestSignatureTime(id).toInstant())
                + ",\"timestamps\":[" + String.join(",", timestamps) + "]"
                + ",\"errors\":[" + messages(report, id) + "]}");
        }
    }

    private static String messages(SimpleReport report, String id) {
        return String.join(",",
            report.getAdESValidationErrors(id).stream().map(each -> quote(each.getKey())).toList());
    }

    private static CommonCertificateVerifier verifier(File material) {
        CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
        CommonCertificateSource certificates = new CommonCertificateSource();
        for (String file : files(material, "anchors")) {
            anchors.addCertificate(DSSUtils.loadCertificate(new File(file)));
        }
        for (String file : files(material, "certificates")) {
            certificates.addCertificate(DSSUtils.loadCertificate(new File(file)));
        }
        CommonCertificateVerifier verifier = new CommonCertificateVerifier(true);
        verifier.setTrustedCertSources(anchors);
        verifier.setAdjunctCertSources(certificates);
        verifier.setCrlSource(new ExternalResourcesCRLSource(documents(material, "crls")));
        verifier.setOcspSource(new ExternalResourcesOCSPSource(documents(material, "ocsp")));
        verifier.setCheckRevocationForUntrustedChains(false);
        return verifier;
    }

    private static DSSDocument[] documents(File folder, String name) {
        return Arrays.stream(files(folder, name)).map(FileDocument::new).toArray(DSSDocument[]::new);
    }

    private static String[] files(File folder, String name) {
        File[] found = new File(folder, name).listFiles();
        String[] paths =
            found == null ? new String[0] : Arrays.stream(found).map(File::getPath).toArray(String[]::new);
        Arrays.sort(paths);
        return paths;
    }

    private static String quote(Object value) {
        if (value == null) {
            return "null";
        }
        String text = value instanceof SubIndication ? ((SubIndication) value).name() : value.toString();
        StringBuilder quoted = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            if (each == '"' || each == '\\') {
                quoted.append('\\').append(each);
            } else if (each < ' ') {
                quoted.append(String.format("\\u%04x", (int) each));
            } else {
                quoted.append(each);
            }
        }
        return quoted.append('"').toString();
    }
}
