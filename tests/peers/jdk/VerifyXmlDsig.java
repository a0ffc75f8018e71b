import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.xml.crypto.AlgorithmMethod;
import javax.xml.crypto.KeySelector;
import javax.xml.crypto.KeySelectorException;
import javax.xml.crypto.KeySelectorResult;
import javax.xml.crypto.XMLCryptoContext;
import javax.xml.crypto.XMLStructure;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.X509Data;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Attr;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * Core XML-DSig validation of every signature in every file named, each signature by itself.
 *
 * Secure validation is on. The key is that of the first certificate in KeyInfo: no trust here.
 * One JSON line per signature: file, index, id, valid, value, references; or file and error.
 */
public final class VerifyXmlDsig {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] files) {
        for (String file : files) {
            try {
                verify(file);
            } catch (Exception error) {
                OUT.println("{\"file\":" + quote(file) + ",\"error\":" + quote(error.toString()) + "}");
            }
        }
    }

    private static void verify(String file) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        Document document = factory.newDocumentBuilder().parse(new File(file));
        NodeList signatures = document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature");
        for (int index = 0; index < signatures.getLength(); index++) {
            OUT.println(line(file, index, document, (Element) signatures.item(index)));
        }
    }

    private static String line(String file, int index, Document document, Element element) {
        StringBuilder json = new StringBuilder("{\"file\":" + quote(file) + ",\"index\":" + index);
        json.append(",\"id\":").append(quote(element.getAttribute("Id")));
        try {
            DOMValidateContext context = new DOMValidateContext(new FirstCertificate(), element);
            context.setProperty("org.jcp.xml.dsig.secureValidation", Boolean.TRUE);
            registerIds(document.getDocumentElement(), context);
            XMLSignature signature =
                XMLSignatureFactory.getInstance("DOM").unmarshalXMLSignature(context);
            boolean value = signature.getSignatureValue().validate(context);
            boolean valid = value;
            List<String> references = new ArrayList<>();
            for (Object each : signature.getSignedInfo().getReferences()) {
                Reference reference = (Reference) each;
                boolean matches = reference.validate(context);
                valid &= matches;
                references.add("{\"uri\":" + quote(reference.getURI()) + ",\"valid\":" + matches + "}");
            }
            json.append(",\"valid\":").append(valid).append(",\"value\":").append(value);
            json.append(",\"references\":[").append(String.join(",", references)).append("]}");
        } catch (Exception error) {
            json.append(",\"valid\":false,\"error\":").append(quote(error.toString())).append("}");
        }
        return json.toString();
    }

    /** Registers each Id that stands once; a document may repeat an Id that nothing references. */
    private static void registerIds(Element root, DOMValidateContext context) {
        java.util.Map<String, Element> owners = new java.util.HashMap<>();
        java.util.Set<String> repeated = new java.util.HashSet<>();
        collectIds(root, owners, repeated);
        for (java.util.Map.Entry<String, Element> each : owners.entrySet()) {
            if (!repeated.contains(each.getKey())) {
                context.setIdAttributeNS(each.getValue(), null, "Id");
            }
        }
    }

    private static void collectIds(
        Element element, java.util.Map<String, Element> owners, java.util.Set<String> repeated) {
        NamedNodeMap attributes = element.getAttributes();
        for (int i = 0; i < attributes.getLength(); i++) {
            Attr attribute = (Attr) attributes.item(i);
            if ("Id".equals(attribute.getName())) {
                if (owners.put(attribute.getValue(), element) != null) {
                    repeated.add(attribute.getValue());
                }
            }
        }
        for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element) {
                collectIds((Element) child, owners, repeated);
            }
        }
    }

    private static String quote(String text) {
        if (text == null) {
            return "null";
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < 0x20) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    /** The key of the first certificate in KeyInfo. */
    private static final class FirstCertificate extends KeySelector {
        @Override
        public KeySelectorResult select(
            KeyInfo keyInfo, Purpose purpose, AlgorithmMethod method, XMLCryptoContext context)
            throws KeySelectorException {
            if (keyInfo == null) {
                throw new KeySelectorException("no KeyInfo");
            }
            for (Object structure : keyInfo.getContent()) {
                if (structure instanceof X509Data) {
                    for (Object each : ((X509Data) structure).getContent()) {
                        if (each instanceof X509Certificate) {
                            X509Certificate certificate = (X509Certificate) each;
                            return certificate::getPublicKey;
                        }
                    }
                }
            }
            throw new KeySelectorException("no certificate in KeyInfo");
        }
    }
}
